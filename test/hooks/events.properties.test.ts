import fc from "fast-check";
import { expect, test } from "vitest";
import { startTelling } from "../support/fake-app.ts";
import type { Fate } from "../support/push/fake-vendor.ts";
import { runs, timeFor } from "../support/scale.ts";

const PEOPLE = ["alice", "bob", "carol"] as const;
const person = fc.constantFrom(...PEOPLE);
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Fate>({ status: 204 }) },
  { weight: 1, arbitrary: fc.constantFrom<Fate>({ status: 500 }, { status: 429 }, "cut") },
);

type Step =
  | { readonly what: "send"; readonly from: string; readonly to: string }
  | { readonly what: "pass"; readonly seconds: number }
  | { readonly what: "restart" };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant("send" as const), from: person, to: person }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("pass" as const), seconds: fc.constantFrom(1, 5, 600) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("restart" as const) }) },
);

test(
  "whatever a hook answers, and whenever the server is started anew, it takes each event, and those of two people in order",
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.array(fate, { maxLength: 40 }), async (steps, fates) => {
        const [app, fake] = await startTelling({ types: ["message.sent"] });
        for (const id of PEOPLE) await app.person(id);
        fake.fates.push(...fates);
        const sent: string[] = [];
        for (const each of steps) {
          if (each.what === "pass") app.clock.advance(each.seconds * 1_000);
          else if (each.what === "restart") await app.restart();
          else sent.push((await (await app.person(each.from)).send(each.to, `text ${sent.length}`)).id);
        }
        fake.fates.length = 0;
        for (let round = 0; round < 3; round += 1) {
          await app.server.engine.hooks.settled();
          app.clock.advance(600_000);
        }
        await app.server.engine.hooks.settled();
        const taken = fake.taken.map(({ data }) => data.message);
        expect(new Set(taken.map(({ id }) => id))).toEqual(new Set(sent));
        const firsts = taken.filter(({ id }, index) => taken.findIndex((other) => other.id === id) === index);
        for (const conversation of new Set(firsts.map(({ id }) => id.split(":")[1]))) {
          const seqs = firsts.filter(({ id }) => id.split(":")[1] === conversation).map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
        }
        await app.stop();
      }),
      { numRuns: runs(25) },
    );
  },
  timeFor(60_000),
);
