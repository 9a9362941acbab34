/** `kill -9` under load, again and again, and a start on what was left. */
import type { Trial } from "../findings.ts";
import { underLoad } from "../under-load.ts";

export const kill: Trial = {
  name: "kill -9 under load, and restart",
  run: (scale) =>
    underLoad({
      async faults(world) {
        for (let round = 0; round < scale.pick(25, 500); round += 1) {
          await world.load.untilAcknowledged(1 + Math.floor(Math.random() * 100));
          await world.server.end("SIGKILL");
          world.fault("kill -9");
          await world.restart();
        }
      },
    }),
};
