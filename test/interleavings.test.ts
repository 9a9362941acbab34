/** The live loop in every order of answers that a scheduler thinks of. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, test } from "vitest";
import { openSqlite } from "../src/store/sqlite/sqlite.ts";
import { createStore } from "../src/store/store.ts";
import { checkAfterwards, checkPromises } from "./support/live-promises.ts";
import { Arena } from "./support/live-run.ts";
import type { Acts, DeviceAct, Script, WriterAct } from "./support/live-script.ts";
import { runs, timeFor } from "./support/scale.ts";
import { tally } from "./support/tally.ts";

// In memory where that can be had: what is explored is order, and thousands of runs wait for the disk otherwise.
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "parley-interleavings-"));
const database = openSqlite(join(folder, "parley.sqlite"), {
  committed() {},
  failed(error) {
    throw error;
  },
});
const arena = new Arena(createStore(database));

afterAll(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

async function explore(script: Script, scheduler: fc.Scheduler): Promise<void> {
  const run = await arena.begin(script, scheduler);
  await run.play();
  await checkPromises(run);
  await run.end();
  await checkAfterwards(run);
}

const some = fc.nat(7);
const peer = fc.constantFrom("bob" as const, "carol" as const);
const just = <const A>(act: A) => fc.constant(act);
const open: fc.Arbitrary<DeviceAct> = fc.record({
  do: just("open"),
  since: fc.constantFrom("nothing" as const, "first" as const, "last" as const),
  refresh: fc.constantFrom("before" as const, "after" as const, "elsewhere" as const, "none" as const),
});
const openAgain: fc.Arbitrary<DeviceAct> = fc.record({ do: just("open again") });
const close: fc.Arbitrary<DeviceAct> = fc.record({ do: fc.constantFrom("close" as const, "end connection" as const) });
const acknowledge: fc.Arbitrary<DeviceAct> = fc.record({ do: just("acknowledge"), which: some });
const acknowledgeUpdates: fc.Arbitrary<DeviceAct> = fc.record({ do: just("acknowledge updates") });
const sendTo: fc.Arbitrary<DeviceAct> = fc.record({ do: just("send"), to: peer });
const markReadOf: fc.Arbitrary<DeviceAct> = fc.record({ do: just("mark read"), peer });
const remove: fc.Arbitrary<DeviceAct> = fc.record({ do: just("delete"), which: some });
const clear: fc.Arbitrary<DeviceAct> = fc.record({ do: just("clear"), peer });
const block: fc.Arbitrary<DeviceAct> = fc.record({ do: fc.constantFrom("block" as const, "unblock" as const), peer });
const send: fc.Arbitrary<WriterAct> = fc.record({ do: just("send") });
const sendUnkept: fc.Arbitrary<WriterAct> = fc.record({ do: just("send to whom is connected") });
const recall: fc.Arbitrary<WriterAct> = fc.record({ do: just("recall"), which: some });
const edit: fc.Arbitrary<WriterAct> = fc.record({ do: just("edit"), which: some });
const markRead: fc.Arbitrary<WriterAct> = fc.record({ do: just("mark read") });

function acts<A extends object>(arbitraries: fc.Arbitrary<A>[], maxLength: number): fc.Arbitrary<Acts<A>> {
  const act = fc
    .tuple(fc.oneof(...arbitraries), fc.constantFrom(0, 0, 0, 3, 9, 27), fc.boolean())
    .map(([chosen, rest, overlap]) => ({ ...chosen, rest, overlap }));
  return fc.array(act, { maxLength });
}

/** Alice's devices open first; otherwise most of a run would find them closed. */
function device(arbitraries: fc.Arbitrary<DeviceAct>[], maxLength: number): fc.Arbitrary<Acts<DeviceAct>> {
  return fc
    .tuple(open, acts(arbitraries, maxLength))
    .map(([first, rest]) => [{ ...first, rest: 0, overlap: false }, ...rest]);
}

function scripts(
  who: Pick<{ [K in keyof Script]: fc.Arbitrary<Script[K]> }, "phone" | "laptop" | "bob" | "carol">,
): fc.Arbitrary<Script> {
  return fc.record({
    before: fc.array(fc.constantFrom("bob" as const, "carol" as const, "to bob" as const), { maxLength: 5 }),
    acknowledged: fc.record({ phone: fc.nat(5), laptop: fc.nat(5) }),
    perContact: fc.constantFrom(100, 100, 2),
    late: fc.constantFrom("beginnings" as const, "answers" as const, "both" as const),
    wakeUps: fc.constantFrom(1, 1, 10),
    ...who,
  });
}

const nothing = fc.constant<Acts<never>>([]);

function explored(name: string, short: number, script: fc.Arbitrary<Script>): void {
  test(
    name,
    async () => {
      const numRuns = runs(short);
      await fc.assert(fc.asyncProperty(script, fc.scheduler(), explore), { numRuns });
      tally("orders of answers", numRuns);
    },
    timeFor(300_000),
  );
}

const writing = [send, send, send, sendUnkept];

explored(
  "whenever messages come while devices open, acknowledge, close and come back: no gap, no repeat, one refresh",
  700,
  scripts({
    phone: device([open, openAgain, close, acknowledge, acknowledge, sendTo], 5),
    laptop: device([open, acknowledge, sendTo], 2),
    bob: acts(writing, 5),
    carol: acts([send], 2),
  }),
);

explored(
  "whenever a message is recalled or edited, no body goes out once that is answered, and every device hears of it",
  600,
  scripts({
    phone: device([open, acknowledge, acknowledgeUpdates, remove, markReadOf], 3),
    laptop: device([open], 1),
    bob: acts([send, recall, recall, edit, edit, markRead], 6),
    carol: nothing,
  }),
);

explored(
  "whenever one blocks, clears and deletes, what is sent after a block reaches nobody, and all else does",
  500,
  scripts({
    phone: device([block, block, clear, remove, open, acknowledge, markReadOf], 5),
    laptop: device([clear, remove, markReadOf], 2),
    bob: acts([send, send, sendUnkept, edit], 5),
    carol: acts([send], 2),
  }),
);

explored(
  "all at once",
  200,
  scripts({
    phone: device([open, close, acknowledge, acknowledgeUpdates, sendTo, markReadOf, remove, clear, block], 10),
    laptop: device([open, close, acknowledge, sendTo, markReadOf, clear], 6),
    bob: acts([...writing, recall, edit, markRead], 10),
    carol: acts([...writing, recall, markRead], 5),
  }),
);

const longBefore = fc.array(peer, { minLength: 480, maxLength: 520, size: "max" });

// Long enough for more than one window of the backlog, and for more than one page of what is live.
explored(
  "whenever messages come while a long backlog is read, and more at once than a page holds",
  24,
  fc
    .tuple(
      scripts({
        phone: device([open, close, acknowledge], 2),
        laptop: nothing,
        bob: acts([fc.record({ do: just("send many"), count: fc.constantFrom(99, 100, 101, 205) }), send], 2),
        carol: acts([send], 2),
      }),
      longBefore,
    )
    .map(([script, before]) => ({ ...script, before, perContact: 2 })),
);
