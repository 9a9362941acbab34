/** Documents that fit the schema, with arguments that do not always, and documents that were damaged on their way. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { LASTING } from "./support/examples.ts";
import { type Change, changed, changes } from "./support/hostile.ts";
import { documentOf, mutationAsked } from "./support/hostile-schema.ts";
import { runs, timeFor } from "./support/scale.ts";
import { besiege, codesOf } from "./support/siege.ts";

interface Damaged {
  readonly document: string;
  readonly changes: readonly Change[];
}

const whole = (kind: "query" | "mutation" | "subscription") =>
  fc.record({ document: documentOf(kind), changes: fc.constant<readonly Change[]>([]) });
const damaged = (kind: "query" | "mutation" | "subscription") => fc.record({ document: documentOf(kind), changes });

test(
  "whatever is asked, it is answered with data or with codes",
  () => {
    let unfit = 0;
    let tried = 0;
    const asked: fc.Arbitrary<Damaged> = fc.oneof(
      whole("query"),
      whole("mutation"),
      damaged("query"),
      damaged("mutation"),
    );
    return besiege("documents", 500, asked, async (siege, { document, changes: how }) => {
      const answer = await siege.mallory.ask(changed(document, how));
      const codes = codesOf(answer);
      expect(answer.data === undefined ? codes.length : 1).toBeGreaterThan(0);
      if (how.length > 0) return;
      tried += 1;
      if (codes.includes("GRAPHQL_VALIDATION_FAILED") || codes.includes("GRAPHQL_PARSE_FAILED")) unfit += 1;
      // Otherwise the generator tries nothing but the validation.
      if (tried > 100) expect(unfit / tried).toBeLessThan(0.6);
    });
  },
  timeFor(120_000),
);

test(
  "whatever is subscribed to, the socket goes on",
  () =>
    besiege(
      "subscriptions",
      200,
      fc.oneof(whole("subscription"), damaged("subscription")),
      async (siege, { document, changes: how }) => {
        const socket = await siege.socket();
        const stream = socket.subscribe(changed(document, how));
        expect((await socket.ask("{ viewer { id } }")).data).toEqual({ viewer: { id: "mallory" } });
        for (const result of stream.waiting) codesOf(result);
        stream.stop();
      },
    ),
  timeFor(120_000),
);

test(
  "whatever the variables of a mutation are, it is done or refused, and what is refused leaves no trace",
  async () => {
    const asked = fc.record({ mutation: mutationAsked, byAdmin: fc.boolean() });
    const done = new Set<string>();
    await besiege("variables", 600, asked, async (siege, { mutation: { name, query, variables }, byAdmin }) => {
      if (LASTING.includes(name)) return;
      const asking = byAdmin ? siege.anna : siege.mallory;
      const before = siege.everything();
      const codes = codesOf(await asking.ask(query, variables));
      if (codes.length === 0) done.add(name);
      else expect(siege.everything()).toBe(before);
    });
    // Otherwise the generator tries nothing but what is refused.
    if (runs(600) >= 600) expect(done.size).toBeGreaterThan(15);
  },
  timeFor(120_000),
);
