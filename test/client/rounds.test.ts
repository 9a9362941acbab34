import { expect, test } from "vitest";
import { Rounds } from "../../src/client/rounds.ts";

/** Turns of the microtask queue from the beginning of a round to long behind its end. */
const MOMENTS = Array.from({ length: 12 }, (_, moment) => moment);

test.each(MOMENTS)("what is asked for %i moments after a round has begun gets a round of its own", async (moment) => {
  let begun = 0;
  const rounds = new Rounds(async () => {
    begun += 1;
    await Promise.resolve();
  });
  void rounds.run();
  for (let turn = 0; turn < moment; turn += 1) await Promise.resolve();
  const before = begun;
  await rounds.run();
  expect(begun).toBe(before + 1);
  await rounds.over();
});

test("what is asked for many times while a round runs is one more round", async () => {
  let begun = 0;
  const rounds = new Rounds(async () => {
    begun += 1;
    await Promise.resolve();
  });
  await Promise.all([rounds.run(), rounds.run(), rounds.run(), rounds.run()]);
  expect(begun).toBe(2);
});
