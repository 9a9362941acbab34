/** The sweeper finds what is past its time, wherever a clock that jumps has put it, and nothing else. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { MessageDraft } from "../src/engine/draft.ts";
import { type Member, type Message, SYSTEM_USER } from "../src/engine/model.ts";
import type { Cutoffs } from "../src/engine/settings.ts";
import type { Logged, Store } from "../src/engine/store.ts";
import { openSqlite } from "../src/store/sqlite/sqlite.ts";
import { createStore } from "../src/store/store.ts";
import { draftOf } from "./support/draft.ts";
import { runsAmiss } from "./support/runs.ts";
import { runs, timeFor } from "./support/scale.ts";
import { tally } from "./support/tally.ts";

const PEOPLE = ["alice", "bob", "carol"] as const;
/** Instants are few, so that many are the same, before and behind each other. */
const LATEST = 20;

type Person = (typeof PEOPLE)[number];
type Write =
  | { do: "send"; from: string; to: Person; hidden: boolean }
  | { do: "read" | "pin"; who: Person; peer: Person }
  | { do: "recall" | "delete"; which: number }
  /** The clock goes on, or is a little behind. */
  | { do: "wait"; by: number };
type Act =
  | { do: "write"; writes: readonly Write[]; together: boolean }
  | { do: "set the clock"; to: number }
  | { do: "sweep"; offline: number; erased: number; batch: number; whole: boolean };

const person = fc.constantFrom(...PEOPLE);
const instant = fc.nat(LATEST);
const write: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      from: fc.constantFrom(...PEOPLE, SYSTEM_USER),
      to: person,
      hidden: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constantFrom("read" as const, "pin" as const), who: person, peer: person }),
  fc.record({ do: fc.constantFrom("recall" as const, "delete" as const), which: fc.nat(50) }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant("wait" as const), by: fc.integer({ min: -2, max: 3 }) }) },
);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      writes: fc.array(write, { minLength: 1, maxLength: 20 }),
      together: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("set the clock" as const), to: instant }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("sweep" as const),
      offline: instant,
      erased: instant,
      batch: fc.integer({ min: 1, max: 20 }),
      whole: fc.boolean(),
    }),
  },
);

function draft({ from, to, hidden }: Extract<Write, { do: "send" }>, at: number, key: string): MessageDraft {
  const keyed = { clientMessageId: key, fingerprint: "fingerprint" };
  return draftOf({ senderId: from, recipientId: to, sentAt: at, hidden, ...keyed });
}

/** What is kept and when it was written: `m:1:1` and the like, `alice:1`, `alice deleted m:1:1`. */
interface Kept {
  readonly messages: Map<string, number>;
  readonly entries: Map<string, number>;
  readonly deletions: Set<string>;
}

/** A store beside what it must hold. */
class Trial {
  private readonly store: Store;
  private readonly file: Sqlite.Database;
  private readonly sent: Message[] = [];
  private readonly kept: Kept = { messages: new Map(), entries: new Map(), deletions: new Set() };
  private at = LATEST;
  private writes = 0;

  constructor(store: Store, file: Sqlite.Database) {
    this.store = store;
    this.file = file;
  }

  async perform(act: Act): Promise<void> {
    switch (act.do) {
      case "set the clock":
        this.at = act.to;
        break;
      case "write":
        if (act.together) await Promise.all(act.writes.map((each) => this.write(each)));
        else for (const each of act.writes) await this.write(each);
        break;
      case "sweep":
        await this.sweep(act);
        break;
      default:
        act satisfies never;
    }
    expect(runsAmiss(this.file)).toEqual({});
  }

  private note(logged: Logged | null, at: number): void {
    for (const { userId, position } of logged?.appended ?? []) this.kept.entries.set(`${userId}:${position}`, at);
  }

  private async write(write: Write): Promise<void> {
    const at = this.at;
    this.writes += 1;
    switch (write.do) {
      case "send": {
        const appended = await this.store.append(draft(write, at, `key ${this.writes}`));
        if (appended === null) throw new Error("a key was used twice");
        this.kept.messages.set(appended.message.id, at);
        this.sent.push(appended.message);
        this.note(appended, at);
        break;
      }
      case "read":
      case "pin": {
        const side = { userId: write.who, peerId: write.peer, conversationId: 1 } as Member;
        if (write.do === "read") this.note(await this.store.markRead(side, null, at, null), at);
        else this.note(await this.store.arrange(side, { pinned: this.writes % 2 === 0 }, at, null), at);
        break;
      }
      case "recall":
      case "delete": {
        const message = this.sent[write.which];
        if (message === undefined) break;
        // As the engine does, which changes nothing that is not there.
        if ((await this.store.message(message.conversationId, message.seq)) === null) break;
        if (write.do === "recall") this.note(await this.store.recall(message, at, null), at);
        else {
          this.note(await this.store.deleteForUser(message.recipientId, [message], at, null), at);
          this.kept.deletions.add(message.id);
        }
        break;
      }
      case "wait":
        this.at = Math.min(Math.max(0, at + write.by), LATEST);
        break;
      default:
        write satisfies never;
    }
  }

  private async sweep({ offline, erased, batch, whole }: Extract<Act, { do: "sweep" }>): Promise<void> {
    const cutoffs: Cutoffs = { offline, roaming: erased, erased, audit: 0 };
    let rows = await this.store.sweep(cutoffs, batch);
    expect(rows).toBeLessThanOrEqual(3 * batch);
    while (whole && rows > 0) rows = await this.store.sweep(cutoffs, batch);
    // Where it has not come to its end, any of what is past its time may be there still.
    const left = whole ? [] : [...this.stored().messages, ...this.stored().entries];
    for (const [id, at] of this.kept.messages) {
      if (at > erased || left.includes(id)) continue;
      this.kept.messages.delete(id);
      this.kept.deletions.delete(id);
    }
    for (const [id, at] of this.kept.entries) if (at <= offline && !left.includes(id)) this.kept.entries.delete(id);
    expect(this.stored()).toEqual({
      messages: [...this.kept.messages.keys()].sort(),
      entries: [...this.kept.entries.keys()].sort(),
      deletions: [...this.kept.deletions].sort(),
    });
  }

  private stored() {
    const select = (text: string) => this.file.prepare<[], string>(text).pluck().all();
    return {
      messages: select("select 'm:' || conversation_id || ':' || seq from messages order by 1"),
      entries: select("select user_id || ':' || position from user_log order by 1"),
      deletions: select("select distinct 'm:' || conversation_id || ':' || seq from deleted_messages order by 1"),
    };
  }

  /** At the end everything goes. */
  async end(): Promise<void> {
    await this.sweep({ do: "sweep", offline: LATEST, erased: LATEST, batch: 3, whole: true });
    expect(this.stored()).toEqual({ messages: [], entries: [], deletions: [] });
    expect(runsAmiss(this.file)).toEqual({});
  }
}

/** Does all of it to a new store. */
async function tryOut(acts: readonly Act[]): Promise<void> {
  // In memory where that can be had: what is tried is what is written, and not that it is on disk.
  const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "parley-runs-"));
  const path = join(folder, "parley.sqlite");
  const database = openSqlite(path, {
    committed() {},
    failed(error) {
      throw error;
    },
  });
  const file = new Sqlite(path, { readonly: true });
  try {
    const store = createStore(database);
    for (const id of PEOPLE) await store.ensureUser(id, 0);
    const trial = new Trial(store, file);
    for (const each of acts) await trial.perform(each);
    await trial.end();
  } finally {
    file.close();
    await database.close();
    rmSync(folder, { recursive: true });
  }
}

test(
  "whatever the clock does, what is past its time goes, all else stays, and the runs are right",
  async () => {
    const numRuns = runs(150);
    await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 30 }), tryOut), { numRuns });
    tally("sweeps of clocks that jump", numRuns);
  },
  timeFor(60_000),
);

test("a clock that goes forward leaves one run for each conversation and each log", async () => {
  const folder = mkdtempSync(join(tmpdir(), "parley-runs-"));
  const path = join(folder, "parley.sqlite");
  const database = openSqlite(path, { committed() {}, failed() {} });
  const store = createStore(database);
  for (const id of PEOPLE) await store.ensureUser(id, 0);
  for (let at = 1; at <= 30; at += 1) {
    const send = { do: "send", from: PEOPLE[at % 3] ?? "alice", to: "alice", hidden: false } as const;
    await store.append(draft(send, at, `key ${at}`));
    if (at % 7 === 0) await store.sweep({ offline: at - 10, roaming: 0, erased: at - 12, audit: 0 }, 100);
  }
  const file = new Sqlite(path, { readonly: true });
  expect(file.prepare("select oldest_at, first_seq from message_runs").all()).toEqual([
    { oldest_at: 17, first_seq: 6 },
    { oldest_at: 18, first_seq: 6 },
    { oldest_at: 19, first_seq: 7 },
  ]);
  expect(file.prepare("select user_id, oldest_at from log_runs").all()).toEqual([
    { user_id: "alice", oldest_at: 19 },
    { user_id: "bob", oldest_at: 19 },
    { user_id: "carol", oldest_at: 20 },
  ]);
  file.close();
  await database.close();
  rmSync(folder, { recursive: true });
});
