import fc from "fast-check";
import { expect, test } from "vitest";
import type { Person } from "../support/app.ts";
import { DELAY_MS, type Phones, startPhones } from "../support/push/phones.ts";
import { runs, timeFor } from "../support/scale.ts";

const PEERS = ["alice", "carol", "dave"] as const;

type Step =
  | { readonly what: "send"; readonly peer: number; readonly quiet: boolean }
  | { readonly what: "recall"; readonly peer: number; readonly which: number }
  | { readonly what: "read" | "mute"; readonly peer: number }
  | { readonly what: "pass"; readonly ms: number };

const peer = fc.nat(PEERS.length - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("send" as const), peer, quiet: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("recall" as const), peer, which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("read" as const, "mute" as const), peer }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("pass" as const), ms: fc.constantFrom(1, 1_000, DELAY_MS) }) },
);

interface Sent {
  readonly id: string;
  readonly quiet: boolean;
  recalled: boolean;
  read: boolean;
}

/** The message that the phone shows of each conversation now, by sender. */
function onScreen({ told }: Phones): Map<string, string> {
  const shown = new Map<string, { sender: string; id: string }>();
  for (const { tag, data, withdrawn } of told) {
    if (withdrawn) shown.delete(tag);
    else shown.set(tag, { sender: data.peerId ?? "", id: data.messageId ?? "" });
  }
  return new Map([...shown.values()].map(({ sender, id }) => [sender, id]));
}

test(
  "whatever happens, a phone shows nothing that is read or recalled, and what is new",
  async () => {
    const phones = await startPhones();
    let round = 0;
    const scenario = async (steps: readonly Step[]) => {
      round += 1;
      const user = `bob${round}`;
      await phones.phone(user);
      const desk = await phones.app.person(user);
      const peers: Person[] = await Promise.all(PEERS.map((name) => phones.app.person(`${name}${round}`)));
      const sent: Sent[][] = PEERS.map(() => []);
      const muted = PEERS.map(() => false);
      const before = phones.told.length;
      /** Whether the newest message has been there for long enough, and the conversation loud all the time. */
      const isDue = PEERS.map(() => false);

      for (const each of steps) {
        if (each.what === "pass") {
          phones.pass(each.ms);
          if (each.ms >= DELAY_MS) {
            await phones.app.server.engine.pushing.settled();
            for (const at of PEERS.keys()) isDue[at] = !(muted[at] ?? false);
          }
          continue;
        }
        const [messages, person, name] = [sent[each.peer] ?? [], peers[each.peer], PEERS[each.peer]];
        if (person === undefined) continue;
        if (each.what === "send") {
          const { id } = await person.send(user, "hello", { push: { disabled: each.quiet } });
          messages.push({ id, quiet: each.quiet, recalled: false, read: false });
          isDue[each.peer] = false;
        } else if (each.what === "recall") {
          const message = messages[each.which];
          if (message === undefined) continue;
          await person.recall(message.id);
          message.recalled = true;
          isDue[each.peer] = false;
        } else if (messages.length > 0) {
          if (each.what === "mute") {
            muted[each.peer] = !muted[each.peer];
            await desk.arrange("mute", `${name}${round}`, { muted: muted[each.peer] });
            isDue[each.peer] = false;
          } else {
            await desk.markRead(`${name}${round}`);
            for (const message of messages) message.read = true;
          }
        }
      }
      phones.pass(DELAY_MS);
      await phones.app.server.engine.pushing.settled();
      phones.pass(DELAY_MS);
      await phones.app.server.engine.pushing.settled();

      const screen = onScreen(phones);
      expect(phones.told.length - before).toBeLessThanOrEqual(3 * steps.length);
      for (const [at, name] of PEERS.entries()) {
        const shown = screen.get(`${name}${round}`);
        const messages = sent[at] ?? [];
        const message = messages.find(({ id }) => id === shown);
        if (shown !== undefined) expect(message).toMatchObject({ read: false, recalled: false, quiet: false });
        const newest = messages.findLast(({ quiet }) => !quiet);
        const isNews = newest !== undefined && !newest.read && !newest.recalled;
        if (isNews && isDue[at] === true) expect(shown).toBe(newest.id);
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), scenario), { numRuns: runs(30) });
  },
  timeFor(60_000),
);
