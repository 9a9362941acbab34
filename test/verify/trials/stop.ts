/** SIGTERM under load: what was taken is answered, and the process ends in bounded time, with code 0. */
import type { Trial } from "../findings.ts";
import { underLoad } from "../under-load.ts";

const LONGEST_STOP_MS = 30_000;

export const stop: Trial = {
  name: "SIGTERM under load, and restart",
  run: (scale) =>
    underLoad({
      async faults(world) {
        for (let round = 0; round < scale.pick(8, 100); round += 1) {
          await world.load.untilAcknowledged(1 + Math.floor(Math.random() * 100));
          const started = performance.now();
          const { code, signal } = await world.server.end("SIGTERM");
          const took = performance.now() - started;
          if (code !== 0) world.breach(`the server ended with ${code ?? signal} after SIGTERM`);
          if (took > LONGEST_STOP_MS) world.breach(`the server took ${Math.round(took)} ms to end`);
          world.fault("SIGTERM");
          await world.restart();
        }
      },
    }),
};
