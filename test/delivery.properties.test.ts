import fc from "fast-check";
import { expect, test } from "vitest";
import { type App, type Person, startApp, texts } from "./support/app.ts";
import { inStream, Journal } from "./support/journal.ts";
import type { Data } from "./support/socket.ts";

const LONG = 120_000;

/** Two users whom no earlier run has seen. */
function createPairs(app: App): () => Promise<readonly [Person, Person]> {
  let run = 0;
  return () => {
    run += 1;
    return app.people(`alice-${run}`, `bob-${run}`);
  };
}

interface Paging {
  before: number;
  forward: number[];
  backward: number[];
  between: number[];
}

type Step = { do: "send" | "burst" | "acknowledge" | "cut" | "connect"; device: number };

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    { weight: 5, arbitrary: fc.constant("send" as const) },
    { weight: 1, arbitrary: fc.constant("burst" as const) },
    { weight: 3, arbitrary: fc.constant("acknowledge" as const) },
    { weight: 2, arbitrary: fc.constant("cut" as const) },
    { weight: 3, arbitrary: fc.constant("connect" as const) },
  ),
  device: fc.nat(3),
});

test(
  "whoever sends, acknowledges, drops off and comes back: each device gets each message once and in order",
  async () => {
    const app = await startApp();
    const freshPair = createPairs(app);

    async function play(steps: readonly Step[]): Promise<void> {
      const pair = await freshPair();
      const devices = await Promise.all(
        pair.flatMap((user) => ["phone", "laptop"].map(async (id) => new Journal(await user.login(id)))),
      );
      const peerOf = (sender: Person) => (sender.id === pair[0].id ? pair[1].id : pair[0].id);
      let count = 0;
      const send = async (index: number): Promise<void> => {
        count += 1;
        const sender = devices[index]?.device;
        await sender?.send(peerOf(sender), `${count}`, { customData: `device ${index}` });
      };
      const acts: Record<Step["do"], (index: number) => Promise<unknown> | undefined> = {
        send,
        burst: () => Promise.all([0, 1, 2, 3].map(send)),
        acknowledge: (index) => devices[index]?.acknowledge(),
        cut: (index) => devices[index]?.cut(),
        connect: (index) => devices[index]?.connect(),
      };
      // Every other step is not waited for, so that neighbours overlap.
      let overlapping: Promise<unknown> | undefined;
      for (const [number, { do: act, device }] of steps.entries()) {
        const acting = acts[act](device);
        if (number % 2 === 0 && (act === "send" || act === "burst")) overlapping = acting;
        else await Promise.all([acting, overlapping]);
      }
      await overlapping;

      const timeline = await pair[0].history(pair[1].id);
      expect(timeline.map((message) => message.seq)).toEqual(timeline.map((_, index) => index + 1));
      expect(timeline).toHaveLength(count);
      for (const [index, journal] of devices.entries()) {
        await journal.cut();
        const due = timeline.filter((message) => message.customData !== `device ${index}`).map(({ id }) => id);
        for (const { safeAtStart, handed } of journal.sessions) {
          const ids = inStream(handed).map((event) => event.message.id);
          expect(ids).toEqual(due.slice(safeAtStart, safeAtStart + ids.length));
        }
        const { handed } = await journal.device.sync();
        expect(inStream(handed).map((event) => event.message.id)).toEqual(due.slice(journal.safe));
        checkRecent(handed);
      }
    }

    /** Repeats no one whom the backlog held. */
    function checkRecent(handed: readonly Data[]): void {
      const recent = handed.filter((event) => event.source === "RECENT");
      expect(recent.length).toBeLessThanOrEqual(inStream(handed).length > 0 ? 0 : 1);
    }

    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 24 }), play), { numRuns: 40 });
  },
  LONG,
);

test(
  "keys that are retried in parallel, from any device, give one message each",
  async () => {
    const app = await startApp();
    const freshPair = createPairs(app);
    const attempt = fc.record({ key: fc.nat(5), device: fc.nat(2) });

    async function play(attempts: readonly { key: number; device: number }[]): Promise<void> {
      const [alice, bob] = await freshPair();
      const senders = [alice, await alice.login("phone"), await alice.login("laptop")];
      const { messages } = await bob.sync();
      const answers = await Promise.all(
        attempts.map(async ({ key, device }) => {
          const more = { clientMessageId: `key ${key}` };
          const answer = await (senders[device] ?? alice).trySend(bob.id, `text ${key}`, more);
          return { ...answer, key } as Data;
        }),
      );

      const keys = [...new Set(attempts.map(({ key }) => key))];
      for (const key of keys) {
        const own = answers.filter((answer) => answer.key === key);
        expect(new Set(own.map((answer) => answer.message.id)).size).toBe(1);
        expect(own.filter((answer) => !answer.duplicate)).toHaveLength(1);
      }
      const history = await alice.history(bob.id);
      expect(history).toHaveLength(keys.length);
      expect(new Set(texts(history))).toEqual(new Set(keys.map((key) => `text ${key}`)));
      expect(texts(await messages.take(keys.length))).toEqual(texts(history));
      expect(await bob.conversation(alice.id)).toMatchObject({ unreadCount: keys.length });

      await alice.send(bob.id, "the end");
      expect(texts([await messages.next()])).toEqual(["the end"]);
    }

    await fc.assert(fc.asyncProperty(fc.array(attempt, { minLength: 1, maxLength: 24 }), play), { numRuns: 30 });
  },
  LONG,
);

test(
  "history is the same forward, backward and as it was sent, for pages of any size and with sends between",
  async () => {
    const app = await startApp();
    const freshPair = createPairs(app);
    const plan: fc.Arbitrary<Paging> = fc.record({
      before: fc.integer({ min: 0, max: 25 }),
      forward: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
      backward: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
      between: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
    });
    const cyclic = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

    async function play({ before, forward, backward, between }: Paging): Promise<void> {
      const [alice, bob] = await freshPair();
      const sent: string[] = [];
      const send = async (): Promise<void> => {
        const [from, to] = sent.length % 3 === 0 ? [bob, alice] : [alice, bob];
        sent.push((await from.send(to.id, `message ${sent.length}`)).id);
      };
      for (let number = 0; number < before; number += 1) await send();

      const ahead: string[] = [];
      let after: string | undefined;
      for (let turn = 0, more = true; more; turn += 1) {
        const page = await bob.historyPage(alice.id, { first: cyclic(forward, turn), after });
        ahead.push(...page.edges.map((edge: Data) => edge.node.id));
        expect(page.pageInfo.hasPreviousPage).toBe(ahead.length > page.edges.length);
        after = page.pageInfo.endCursor ?? after;
        more = page.pageInfo.hasNextPage;
        expect(more).toBe(ahead.length < sent.length);
        // Sends between pages come to an end, so that the reader can catch up.
        if (more && turn < 8) for (let extra = 0; extra < cyclic(between, turn); extra += 1) await send();
      }
      expect(ahead).toEqual(sent);

      const there = [...sent];
      const back: string[] = [];
      let top: string | undefined;
      for (let turn = 0, more = true; more; turn += 1) {
        const page = await bob.historyPage(alice.id, { last: cyclic(backward, turn), before: top });
        back.unshift(...page.edges.map((edge: Data) => edge.node.id));
        top = page.pageInfo.startCursor ?? top;
        more = page.pageInfo.hasPreviousPage;
        expect(more).toBe(back.length < there.length);
        if (turn < 8) for (let extra = 0; extra < cyclic(between, turn); extra += 1) await send();
      }
      expect(back).toEqual(there);
    }

    await fc.assert(fc.asyncProperty(plan, play), { numRuns: 25 });
  },
  LONG,
);

type Move =
  | { do: "send"; by: 0 | 1 }
  | { do: "read"; by: 0 | 1; upToSeq: number | null }
  | { do: "recall"; which: number };
const by = fc.constantFrom(0 as const, 1 as const);
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("send" as const), by }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      by,
      upToSeq: fc.option(fc.integer({ min: 0, max: 20 }), { freq: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("recall" as const), which: fc.nat(20) }) },
);

test(
  "read marks and unread follow from what was sent, read and recalled",
  async () => {
    const app = await startApp();
    const freshPair = createPairs(app);

    async function play(moves: readonly Move[]): Promise<void> {
      const pair = await freshPair();
      const messages: { id: string; by: 0 | 1; recalled: boolean }[] = [];
      const readSeq = [0, 0];

      async function make(chosen: Move): Promise<void> {
        if (chosen.do === "send") {
          const { id } = await pair[chosen.by].send(pair[1 - chosen.by]?.id ?? "", `message ${messages.length + 1}`);
          messages.push({ id, by: chosen.by, recalled: false });
        } else if (chosen.do === "read") {
          const upTo = chosen.upToSeq ?? undefined;
          await pair[chosen.by].markRead(pair[1 - chosen.by]?.id ?? "", upTo);
          readSeq[chosen.by] = Math.max(readSeq[chosen.by] ?? 0, Math.min(upTo ?? messages.length, messages.length));
        } else {
          const message = messages[chosen.which];
          if (message === undefined) return;
          await pair[message.by].recall(message.id);
          message.recalled = true;
        }
      }

      for (const chosen of moves) {
        await make(chosen);
        if (messages.length === 0) continue;
        for (const side of [0, 1] as const) {
          const lastOwn = messages.findLastIndex((message) => message.by === side) + 1;
          const mark = Math.max(readSeq[side] ?? 0, lastOwn);
          const unread = messages.filter((message, index) => index >= mark && message.by !== side && !message.recalled);
          expect(await pair[side].conversation(pair[1 - side]?.id ?? "")).toMatchObject({
            unreadCount: unread.length,
            readSeq: readSeq[side],
            peerReadSeq: readSeq[1 - side],
            lastMessage: { id: messages.at(-1)?.id },
          });
        }
      }
    }

    await fc.assert(fc.asyncProperty(fc.array(move, { minLength: 3, maxLength: 20 }), play), { numRuns: 30 });
  },
  LONG,
);
