/**
 * Several servers want the same data, while the one that has it is killed. Never may two have it: each would number
 * messages by itself. One that cannot have it says why.
 */
import { setTimeout as wait } from "node:timers/promises";
import type { Trial } from "../findings.ts";
import { ServerProcess } from "../server-process.ts";
import { underLoad } from "../under-load.ts";

const CONTENDERS = 3;

export const twoServers: Trial = {
  name: "servers that want the same data",
  run(scale) {
    let serving: ServerProcess | null = null;
    return underLoad({
      door: (server) => ({
        get url() {
          return (serving ?? server()).url;
        },
      }),
      async faults(world) {
        const { dataFolder } = world;
        serving = world.server;
        for (let round = 0; round < scale.pick(10, 200); round += 1) {
          await world.load.untilAcknowledged(20);
          const killed = wait(Math.random() * 1_500).then(() => serving?.end("SIGKILL"));
          const tries = Array.from({ length: CONTENDERS }, () => ServerProcess.start({ dataFolder }));
          const results = await Promise.allSettled(tries);
          await killed;
          world.fault("start beside another server", CONTENDERS);
          const started = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
          if (started.length > 1) world.breach(`${started.length} servers have the same data`);
          for (const result of results) {
            if (result.status === "fulfilled" || String(result.reason).includes("Another server")) continue;
            world.breach(`a second server was not refused as it should: ${result.reason}`);
          }
          for (const extra of started.slice(1)) await extra.end("SIGKILL");
          serving = started[0] ?? (await ServerProcess.start({ dataFolder }));
        }
        await world.load.untilAcknowledged(20);
        await serving.end("SIGKILL");
        await world.restart();
        serving = null;
      },
    });
  },
};
