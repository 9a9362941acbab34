/** Jobs that servers on one database share: each is done once, and whoever is left goes on with it. */
import { expect, inject, test } from "vitest";
import { hooksConfig } from "../../src/hooks/config.ts";
import { pushConfig } from "../../src/push/config.ts";
import { type Person, texts } from "../support/app.ts";
import { startCluster } from "../support/cluster.ts";
import { FakeApp } from "../support/fake-app.ts";
import { ask } from "../support/postgres.ts";
import { FakeFcm } from "../support/push/fake-fcm.ts";
import { clock } from "../support/push/notifications.ts";
import { DELAY_MS, Phones } from "../support/push/phones.ts";

const server = inject("postgres");
const BEGIN = `mutation B($input: BroadcastInput!) { broadcast(input: $input) { broadcast { id state } } }`;

async function begin(admin: Person, input: object): Promise<string> {
  const content = { text: { text: "to all" } };
  return (await admin.get(BEGIN, { input: { content, ...input } })).broadcast.broadcast.id;
}

async function stateOf(admin: Person, id: string): Promise<string> {
  return (await admin.get("query B($id: ID!) { broadcast(id: $id) { state } }", { id })).broadcast.state;
}

test("hooks of two servers are told each event once, in the order of each two people", async () => {
  const fake = await new FakeApp().start();
  const hooks = hooksConfig.parse({
    events: [{ name: "app", endpoint: fake.endpoint("/events"), types: ["message.sent"] }],
  });
  const { servers, on } = await startCluster({ server, hooks });
  const [alice, bob] = await servers[0].people("alice", "bob", "carol");
  for (let number = 0; number < 20; number += 1) {
    const index = number % 2 === 0 ? 0 : 1;
    await Promise.all([on(index, alice).send("bob", `${number}`), on(index, bob).send("carol", `${number}`)]);
  }
  const taken = await fake.untilTaken(40);
  for (const sender of ["alice", "bob"]) {
    const told = taken.filter(({ data }) => data.message.sender === sender);
    expect(told.map(({ data }) => data.message.content.text)).toEqual(
      Array.from({ length: 20 }, (_, index) => `${index}`),
    );
  }
});

test("each phone is pushed to once, whichever server has taken the message", async () => {
  const fake = await new FakeFcm().start();
  const push = pushConfig.parse({ fcm: fake.config, delaySeconds: DELAY_MS / 1_000 });
  const { servers, on } = await startCluster({ server, push, clock });
  const phones = new Phones(servers[0], fake);
  const users = Array.from({ length: 8 }, (_, index) => `user-${index}`);
  for (const user of users) await phones.phone(user);
  const alice = await servers[0].person("alice");
  await Promise.all(users.map((user, index) => on(index % 2 === 0 ? 0 : 1, alice).send(user, `to ${user}`)));
  clock.advance(DELAY_MS);
  const told = await phones.untilTold(users.length);
  expect(told.map(({ token }) => token).sort()).toEqual(users.map((user) => `token of ${user}`));
  clock.advance(60_000);
  for (const app of servers) await app.server.engine.pushing.settled();
  expect(phones.told).toHaveLength(users.length);
  await on(1, await servers[1].person("user-3")).markRead("alice");
  const [withdrawn] = (await phones.untilTold(users.length + 1)).slice(users.length);
  expect(withdrawn).toMatchObject({ token: "token of user-3", withdrawn: true });
});

test("a broadcast goes on where its server has stopped, and everybody gets it once", async () => {
  const { servers, on, clock } = await startCluster({ server });
  const people = Array.from({ length: 12 }, (_, index) => `user-${index}`);
  await servers[0].people(...people);
  const admin = await servers[0].admin();
  const id = await begin(admin, { to: people, perSecond: 10 });
  await expect.poll(() => servers[1].person("user-0").then((one) => one.history("anna"))).toHaveLength(1);
  await servers[0].stop();
  expect(await stateOf(on(1, admin), id)).toBe("RUNNING");
  await servers[1].server.engine.lookAround();
  await expect
    .poll(
      () => {
        clock.advance(1_000);
        return stateOf(on(1, admin), id);
      },
      { timeout: 10_000 },
    )
    .toBe("DONE");
  for (const who of people) {
    expect(texts(await (await servers[1].person(who)).history("anna"))).toEqual(["to all"]);
  }
});

test("a broadcast is cancelled on any server", async () => {
  const { servers, on, clock } = await startCluster({ server });
  const people = Array.from({ length: 12 }, (_, index) => `user-${index}`);
  await servers[0].people(...people);
  const admin = await servers[0].admin();
  const id = await begin(admin, { to: people, perSecond: 1 });
  const cancel = "mutation C($id: ID!) { cancelBroadcast(input: { id: $id }) { broadcast { state } } }";
  expect((await on(1, admin).get(cancel, { id })).cancelBroadcast.broadcast.state).toBe("CANCELLED");
  for (let second = 0; second < 20; second += 1) clock.advance(1_000);
  await servers[0].stop();
  expect(await stateOf(on(1, admin), id)).toBe("CANCELLED");
  const got = await Promise.all(people.map(async (who) => (await servers[1].person(who)).history("anna")));
  expect(got.flat().length).toBeLessThan(4);
});

test("who is erased on one server is shut out on the other, and comes back on any as somebody new", async () => {
  const { servers, on, clock } = await startCluster({ server });
  const [alice, bob] = await servers[0].people("alice", "bob");
  await alice.send("bob", "hello");
  const socket = await on(1, bob).connect();
  const admin = await servers[0].admin();
  await admin.get('mutation { eraseUser(input: { user: "bob" }) { erasure { startedAt } } }');
  expect(await socket.closed).toMatchObject({ code: 4401 });
  expect(await on(1, bob).refusal("{ viewer { id } }")).toBe("UNAUTHENTICATED");
  await expect
    .poll(
      async () => {
        clock.advance(1_000);
        return (await admin.get("{ erasures { finishedAt } }")).erasures[0].finishedAt;
      },
      { timeout: 10_000 },
    )
    .not.toBeNull();
  expect((await on(1, alice).trySend("bob", "are you there?")).code).toBe("RECIPIENT_NOT_FOUND");
  clock.advance(2_000);
  const again = await servers[1].person("bob");
  expect(await again.history("alice")).toEqual([]);
  expect((await alice.trySend("bob", "welcome")).message).toBeDefined();
});

test("two that sweep at once leave nothing that is past its time, and nothing else goes", async () => {
  const { servers, url, clock } = await startCluster({ server });
  const people = await servers[0].people("alice", "bob", "carol", "dave");
  for (const [index, person] of people.entries()) {
    for (const other of people.slice(index + 1)) await person.send(other.id, "for a week");
  }
  clock.advance(6 * 86_400_000);
  await people[0].send("bob", "for another week");
  clock.advance(2 * 86_400_000);
  await Promise.all(servers.map((app) => app.server.engine.sweep()));
  const [left] = await ask(
    url,
    `select (select count(*)::int from messages) as messages, (select count(*)::int from user_log) as entries,
      (select count(*)::int from message_runs) as runs`,
  );
  expect(left).toEqual({ messages: 1, entries: 2, runs: 1 });
  expect(texts(await people[1].history("alice"))).toEqual(["for another week"]);
});
