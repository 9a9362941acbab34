import { describe, expect, test } from "vitest";
import { SECRET, startApp } from "./support/app.ts";
import { BROKEN, type Defect } from "./support/broken-stores.ts";
import { check } from "./verify/checker.ts";
import type { Breach } from "./verify/findings.ts";
import type { DeviceRecord, Journal, SeenMessage, SendOutcome, SessionEvent } from "./verify/journal.ts";
import { Load } from "./verify/load.ts";

/** Runs a short load against a server with this store, and judges it. */
async function breachesOf(defect: Defect | null): Promise<Breach[]> {
  const app = await startApp(defect === null ? {} : { decorateStore: BROKEN[defect] });
  const load = await Load.start({ server: app, secret: SECRET, users: 3 });
  await load.untilAcknowledged(150);
  return check(await load.finish());
}

test("a server as it should be has no breach", async () => {
  expect(await breachesOf(null)).toEqual([]);
}, 60_000);

/** What the checker must say of each; of several, all. */
const CAUGHT: Record<Defect, RegExp | readonly RegExp[]> = {
  "acknowledges what it does not store": /^lost: .* was acknowledged as .* and reads/,
  "forgets idempotency keys": /^duplicated: .* was acknowledged as .* and as/,
  "skips an entry of the log": /^lost: .* messages are missing before/,
  "hands an entry of the log over twice": /^duplicated: .* comes again or late/,
  "turns a page of the log round": /^(lost|duplicated): /,
  "loses the start of a backlog": /^lost: .* (is never handed|messages too late)/,
  "forgets acknowledgements": /^duplicated: .* comes again after it was acknowledged/,
  "acknowledges for all devices of a user": /^lost: .* (is never handed|messages too late)/,
  "lets the blacklist through": [
    /^other: .* had to be refused$/,
    /^other: .* was refused and can be read$/,
    /^other: .* is handed .*, which was refused$/,
  ],
  "keeps what was recalled": /^other: .* was recalled and can still be read/,
  "moves read marks back": /^other: .* has read .* and is told/,
  "counts unread wrong": /^other: .* unread of .* and is told/,
  "shows each side an order of its own": /^out of order: .* see different timelines/,
  "leaves a message out of history": /^out of order: history of/,
};

describe("a broken server is caught when it", () => {
  test.each(Object.entries(CAUGHT) as [Defect, RegExp | RegExp[]][])(
    "%s",
    async (defect, expected) => {
      const breaches = (await breachesOf(defect)).map(({ kind, what }) => `${kind}: ${what}`);
      for (const one of [expected].flat()) expect(breaches).toContainEqual(expect.stringMatching(one));
    },
    60_000,
  );
});

/** Bob's phone is handed two messages of alice's, and alice's history has them too. */
function journalOf(events: readonly SessionEvent[], more: Partial<DeviceRecord["sessions"][number]> = {}): Journal {
  const session = { confirmed: null, attempted: null, since: null, drained: true, events: [...events], ...more };
  const all: SessionEvent[] = [offline(1), offline(2), refresh(2, 0)];
  const auditor = { ...session, confirmed: null, since: null, events: all };
  return {
    sends: [1, 2].map((seq) => ({
      key: `message ${seq}`,
      from: "alice",
      to: "bob",
      device: "phone",
      outcomes: [{ kind: "acknowledged", id: `m${seq}`, seq, duplicate: false }],
      forbidden: false,
      recall: "none",
    })),
    devices: [{ user: "bob", device: "phone", sessions: [session] }],
    auditors: [{ user: "bob", device: "auditor", sessions: [auditor] }],
    marks: [],
    histories: [
      { user: "alice", peer: "bob", messages: [message(1), message(2)] },
      { user: "bob", peer: "alice", messages: [message(1), message(2)] },
    ],
  };
}

function message(seq: number): SeenMessage {
  return { id: `m${seq}`, seq, from: "alice", to: "bob", text: `message ${seq}` };
}
function offline(seq: number): SessionEvent {
  return { kind: "message", source: "OFFLINE", message: message(seq) };
}
function recent(seq: number): SessionEvent {
  return { kind: "message", source: "RECENT", message: message(seq) };
}
function live(seq: number): SessionEvent {
  return { kind: "message", source: "LIVE", message: message(seq) };
}
function refresh(offlineCount: number, recentCount: number): SessionEvent {
  return { kind: "refresh", offlineCount, recentCount };
}

describe("of what a device is handed, the checker", () => {
  test("accepts a backlog, the recent contacts, one refresh, then live", () => {
    expect(check(journalOf([offline(1), offline(2), refresh(2, 0)]))).toEqual([]);
    expect(check(journalOf([offline(1), refresh(1, 0), live(2)]))).toEqual([]);
    expect(check(journalOf([recent(1), refresh(0, 1), live(2)], { confirmed: "m1", attempted: "m1" }))).toEqual([]);
    expect(check(journalOf([offline(2), refresh(1, 0)], { since: "m1" }))).toEqual([]);
  });

  test("accepts either place after an acknowledgement that was not answered", () => {
    expect(check(journalOf([offline(1), offline(2), refresh(2, 0)], { attempted: "m1" }))).toEqual([]);
    expect(check(journalOf([offline(2), refresh(1, 0)], { attempted: "m1" }))).toEqual([]);
  });

  test.each<[string, SessionEvent[], Partial<DeviceRecord["sessions"][number]>, string]>([
    ["a missing refresh", [offline(1), offline(2)], {}, "0 refreshes"],
    ["a second refresh", [offline(1), offline(2), refresh(2, 0), refresh(2, 0)], {}, "2 refreshes"],
    ["a refresh that miscounts", [offline(1), offline(2), refresh(3, 0)], {}, "refresh tells of 3 missed"],
    ["live before refresh", [offline(1), live(2), refresh(1, 0)], {}, "LIVE before refresh"],
    ["a backlog after refresh", [offline(1), refresh(1, 0), offline(2)], {}, "OFFLINE after RECENT or refresh"],
    ["a backlog after recent contacts", [recent(1), offline(2), refresh(1, 1)], { confirmed: "m1" }, "OFFLINE after"],
    ["a recent contact from the backlog", [offline(1), offline(2), recent(2), refresh(2, 1)], {}, "RECENT repeats"],
    ["a recent contact twice", [recent(1), recent(2), refresh(0, 2)], { confirmed: "m2" }, "RECENT repeats"],
    ["a gap", [offline(2), refresh(1, 0)], {}, "1 messages too late"],
    ["what was acknowledged", [offline(1), offline(2), refresh(2, 0)], { confirmed: "m1" }, "comes again after"],
    ["what lies before since", [offline(1), offline(2), refresh(2, 0)], { since: "m1" }, "comes again after"],
    ["an end that never comes", [offline(1), refresh(1, 0)], {}, "the last 1 messages never came"],
    ["a message for somebody else", [offline(3), refresh(1, 0)], { drained: false }, "which is not for it"],
  ])("reports %s", (_, events, session, expected) => {
    const found = check(journalOf(events, session)).map(({ what }) => what);
    expect(found.filter((what) => what.includes(expected))).not.toEqual([]);
  });

  test("accepts a hole that is told of only where there may be one", () => {
    const told = [offline(2), { ...refresh(1, 0), truncated: true }] as const;
    const untold = [offline(2), refresh(1, 0)];
    expect(check(journalOf(told), { mayMiss: true })).toEqual([]);
    expect(check(journalOf(told))).not.toEqual([]);
    expect(check(journalOf(untold), { mayMiss: true })).not.toEqual([]);
    const late = [{ ...refresh(0, 0), truncated: true }, live(2)] as const;
    expect(check(journalOf(late), { mayMiss: true })).toEqual([]);
  });

  test("reports what is there although nothing should have happened", () => {
    const journal = journalOf([offline(1), offline(2), refresh(2, 0)]);
    journal.sends[1]?.outcomes.splice(0, 1, { kind: "unavailable" }, { kind: "unavailable" });
    expect(check(journal)).toContainEqual({ kind: "other", what: expect.stringContaining("UNAVAILABLE") });
    journal.sends[1]?.outcomes.push({ kind: "unknown" });
    expect(check(journal)).toEqual([]);
  });

  test("reports an acknowledgement of what is forbidden, and each trace of it", () => {
    const journal = journalOf([offline(1), offline(2), refresh(2, 0)]);
    const forbid = (outcomes: SendOutcome[]) =>
      check({
        ...journal,
        sends: journal.sends.map((send) => (send.key === "message 2" ? { ...send, forbidden: true, outcomes } : send)),
      });
    const traces = [
      { kind: "other", what: '"message 2" was refused and can be read' },
      { kind: "other", what: 'bob\'s phone is handed "message 2", which was refused' },
    ];
    expect(forbid([{ kind: "refused", code: "BLOCKED" }])).toEqual(traces);
    expect(forbid([{ kind: "acknowledged", id: "m2", seq: 2, duplicate: false }])).toEqual([
      { kind: "other", what: '"message 2" had to be refused' },
      ...traces,
    ]);
  });

  test("reports what nobody sent", () => {
    const journal = journalOf([offline(1), offline(2), refresh(2, 0)]);
    journal.sends.pop();
    expect(check(journal)).toContainEqual({ kind: "other", what: 'm2 holds "message 2", which nobody sent' });
  });
});
