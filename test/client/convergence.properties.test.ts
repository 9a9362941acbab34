import "fake-indexeddb/auto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createMemoryStore, type LocalStore, openIndexedDbStore } from "../../src/client/index.ts";
import { startApp } from "../support/app.ts";
import type { Fate } from "../support/proxy.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { runs, timeFor } from "../support/scale.ts";
import { DEVICES, fates, type Step, steps, World } from "./world.ts";

/** Plays a script on a server of its own. @returns how many connections were cut */
async function play(
  script: readonly Step[],
  fated: readonly Fate[],
  offlineMessagesPerContact: number,
  stores: readonly LocalStore[],
): Promise<number> {
  const app = await startApp();
  await (await app.admin()).updateSettings({ offlineMessagesPerContact });
  const proxy = new NetworkProxy(() => app.port);
  await proxy.listen();
  const world = new World(app, proxy, stores);
  try {
    for (const user of DEVICES) await app.person(user);
    for (const device of world.devices) await device.start();
    proxy.fates.push(...fated);
    proxy.cutAll();
    for (const step of script) await world.run(step);
    await world.settle();
    await world.check();
    return proxy.cuts;
  } finally {
    for (const device of world.devices) device.stop();
    for (const store of stores) store.close();
    proxy.close();
    await app.stop();
  }
}

const kinds: [string, number, () => Promise<LocalStore[]>][] = [
  ["each device with a store of its own", 15, async () => DEVICES.map(() => createMemoryStore())],
  [
    "the first two devices as two tabs over one IndexedDB",
    8,
    async () => {
      const name = `convergence ${Math.random()}`;
      return Promise.all(DEVICES.map((user, index) => openIndexedDbStore(`${name} ${user} ${index > 1 ? index : ""}`)));
    },
  ],
];

test.each(kinds)(
  "whatever people do and wherever the network breaks, every device shows what the server has: %s",
  async (_, short, open) => {
    let cuts = 0;
    await fc.assert(
      // So few that a backlog leaves holes, or as many as usual.
      fc.asyncProperty(steps, fates, fc.constantFrom(2, 100), async (script, fated, offlineMessages) => {
        cuts += await play(script, fated, offlineMessages, await open());
      }),
      { numRuns: runs(short), interruptAfterTimeLimit: timeFor(110_000) },
    );
    expect(cuts).toBeGreaterThan(0);
  },
  timeFor(120_000),
);
