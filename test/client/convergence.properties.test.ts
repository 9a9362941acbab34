import fc from "fast-check";
import { expect, test } from "vitest";
import { startApp } from "../support/app.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { runs, timeFor } from "../support/scale.ts";
import { fates, steps, World } from "./world.ts";

test(
  "whatever people do and wherever the network breaks, every device shows what the server has",
  async () => {
    let cuts = 0;
    await fc.assert(
      fc.asyncProperty(steps, fates, async (script, fated) => {
        const app = await startApp();
        const proxy = new NetworkProxy(() => Number(new URL(app.url).port));
        await proxy.listen();
        const world = new World(app, proxy);
        try {
          for (const user of ["alice", "bob", "carol"]) await app.person(user);
          for (const device of world.devices) await device.start();
          proxy.fates.push(...fated);
          proxy.cutAll();
          for (const step of script) await world.run(step);
          await world.settle();
          await world.check();
          cuts += proxy.cuts;
        } finally {
          for (const device of world.devices) device.stop();
          proxy.close();
          await app.stop();
        }
      }),
      { numRuns: runs(15), interruptAfterTimeLimit: timeFor(170_000) },
    );
    expect(cuts).toBeGreaterThan(0);
  },
  timeFor(180_000),
);
