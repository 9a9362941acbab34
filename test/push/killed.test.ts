import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/engine/clock.ts";
import { signAppToken } from "../../src/server/tokens.ts";
import { Person, SECRET } from "../support/app.ts";
import { kill, startChild } from "../support/child-server.ts";
import { DAY } from "../support/clock.ts";
import { FakeFcm } from "../support/push/fake-fcm.ts";
import { register } from "../support/push/phones.ts";

test("a server that is killed while it pushes tells everybody afterwards, and nobody more than twice", async () => {
  const fake = await new FakeFcm(systemClock).start();
  const folder = mkdtempSync(join(tmpdir(), "parley-killed-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "push.json");
  writeFileSync(file, JSON.stringify({ delaySeconds: 0, fcm: fake.config }));
  const serve = () => startChild(join(folder, "data"), { PARLEY_PUSH: file });
  const person = async (url: string, id: string) =>
    new Person({ url }, id, await signAppToken(SECRET, id, "user", Date.now() + DAY));
  const tokens = () => fake.at("/v1/").map(({ body }) => String(JSON.parse(body).message.token));
  const people = Array.from({ length: 60 }, (_, index) => `user${index}`);

  let server = await serve();
  for (const id of people) await register(await person(server.url, id), `token of ${id}`);
  const alice = await person(server.url, "alice");
  // Every third is on its way when the server dies, and nobody knows whether it has arrived.
  fake.fates.push(...people.slice(0, 20).map(() => "hang" as const));
  const sends = people.map((id) => alice.send(id, "hello"));
  await Promise.all(sends);
  await expect.poll(() => fake.fates.length, { interval: 1, timeout: 10_000 }).toBe(0);
  await kill(server);
  const before = tokens();
  server = await serve();
  await expect.poll(() => new Set(tokens()).size, { interval: 5, timeout: 10_000 }).toBe(people.length);
  const admin = new Person({ url: server.url }, "anna", await signAppToken(SECRET, "anna", "admin", Date.now() + DAY));
  const report = (user: string) =>
    admin.get("query Report($user: ID!) { pushReport(user: $user) { outcome } }", { user });
  for (const user of people) {
    await expect.poll(async () => (await report(user)).pushReport, { timeout: 10_000 }).toEqual([{ outcome: "SENT" }]);
    expect(tokens().filter((token) => token === `token of ${user}`).length).toBeLessThanOrEqual(2);
  }
  expect(tokens().length - before.length).toBeLessThanOrEqual(people.length);
}, 60_000);
