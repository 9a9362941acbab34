/** One message to many at once, and to everybody in the background. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { signAppToken } from "../src/server/tokens.ts";
import { type App, Person, SECRET, startApp, texts } from "./support/app.ts";
import { kill, startChild } from "./support/child-server.ts";
import { DAY } from "./support/clock.ts";
import { everythingStored } from "./support/data.ts";
import type { Data } from "./support/socket.ts";

const SEND_MESSAGES = `mutation Send($input: SendMessagesInput!) { sendMessages(input: $input) { outcomes {
  to result {
    ... on SendMessageSuccess { duplicate message { id sender { id } content { summary } } }
    ... on SendMessageError { code }
  }
} } }`;
const PROGRESS = "id state total sent failed failures { code count } finishedAt";

function hello(more: object = {}): object {
  return { content: { text: { text: "hello" } }, ...more };
}

async function outcomes(person: Person, input: object): Promise<Data[]> {
  return (await person.get(SEND_MESSAGES, { input })).sendMessages.outcomes;
}

describe("sendMessages", () => {
  test("gives each recipient a message of its own, and says of each what became of it", async () => {
    const app = await startApp();
    const [alice, bob] = await app.people("alice", "bob");
    const admin = await app.admin("shop");
    const { messages } = await bob.sync();
    const sent = await outcomes(admin, hello({ to: ["alice", "nobody", "bob", "alice"] }));
    expect(sent.map(({ to, result }) => [to, result.code ?? result.message.sender.id])).toEqual([
      ["alice", "shop"],
      ["nobody", "RECIPIENT_NOT_FOUND"],
      ["bob", "shop"],
    ]);
    expect(texts([await messages.next()])).toEqual(["hello"]);
    expect(texts(await alice.history("shop"))).toEqual(["hello"]);
  });

  test("sends nothing twice under one key, and the rest of what was begun", async () => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    const admin = await app.admin("shop");
    const [first] = await outcomes(admin, hello({ to: ["alice"], clientMessageId: "one" }));
    const again = await outcomes(admin, hello({ to: ["bob", "alice"], clientMessageId: "one" }));
    expect(again.map(({ result }) => result.duplicate)).toEqual([false, true]);
    expect(again[1]?.result.message).toEqual(first?.result.message);
    const other = await outcomes(admin, {
      content: { text: { text: "other" } },
      to: ["alice", "bob"],
      clientMessageId: "one",
    });
    expect(other.map(({ result }) => result.code)).toEqual(["IDEMPOTENCY_CONFLICT", "IDEMPOTENCY_CONFLICT"]);
    expect(texts(await alice.history("shop"))).toEqual(["hello"]);
  });

  test("takes 500, in the name of a user or of the system, and no more", async () => {
    const app = await startApp();
    const admin = await app.admin("shop");
    const people = Array.from({ length: 500 }, (_, index) => `user${index}`);
    for (let at = 0; at < people.length; at += 100) {
      const users = people.slice(at, at + 100).map((id) => ({ id }));
      await admin.change("importUsers", { users }, "__typename");
    }
    const sent = await outcomes(admin, { content: { notice: { body: "down at noon" } }, to: people });
    expect(sent.map(({ result }) => result.message?.sender.id)).toEqual(people.map(() => "system"));
    const as = await outcomes(admin, hello({ to: ["user1", "user2"], sendAs: "user0" }));
    expect(as.map(({ result }) => result.message.sender.id)).toEqual(["user0", "user0"]);
    expect(await admin.refusal(SEND_MESSAGES, { input: hello({ to: [...people, "one more"] }) })).toBe(
      "INVALID_CONTENT",
    );
    expect(await admin.refusal(SEND_MESSAGES, { input: hello({ to: [] }) })).toBe("INVALID_CONTENT");
  });

  test("is for admins", async () => {
    const app = await startApp();
    const alice = await app.person("alice");
    const before = everythingStored(app);
    expect(await alice.refusal(SEND_MESSAGES, { input: hello({ to: ["alice"] }) })).toBe("FORBIDDEN");
    expect(everythingStored(app)).toEqual(before);
  });
});

async function begin(admin: Person, input: object): Promise<Data> {
  return (await admin.change("broadcast", input, `broadcast { ${PROGRESS} }`)).broadcast;
}

async function progress(admin: Person, id: string): Promise<Data> {
  return (await admin.get(`query B($id: ID!) { broadcast(id: $id) { ${PROGRESS} } }`, { id })).broadcast;
}

/** Lets the time of a broadcast go by until it has ended. */
async function untilEnded(app: App, admin: Person, id: string): Promise<Data> {
  await expect
    .poll(
      async () => {
        app.clock.advance(1_000);
        return (await progress(admin, id)).state;
      },
      { interval: 5, timeout: 15_000 },
    )
    .not.toBe("RUNNING");
  return progress(admin, id);
}

describe("a broadcast", () => {
  test("reaches everybody who is there, once, as a notice of the system", async () => {
    const app = await startApp();
    const admin = await app.admin();
    const [alice, bob] = await app.people("alice", "bob");
    const { id, total } = await begin(admin, { content: { notice: { title: "News", body: "We have moved." } } });
    app.clock.advance(1);
    await app.person("zoe");
    expect(total).toBe(3);
    expect(await untilEnded(app, admin, id)).toMatchObject({ state: "DONE", sent: 3, failed: 0, failures: [] });
    for (const person of [alice, bob]) {
      const query = '{ history(peer: "system") { nodes { content { ... on NoticeContent { kind title body } } } } }';
      expect((await person.get(query)).history.nodes).toEqual([
        { content: { kind: "BROADCAST", title: "News", body: "We have moved." } },
      ]);
    }
    expect(await (await app.person("zoe")).history("system")).toEqual([]);
  });

  test("reaches a list, and counts who was refused it and why", async () => {
    const app = await startApp();
    const admin = await app.admin();
    const [alice] = await app.people("alice", "bob", "carol", "shop");
    const { id } = await begin(admin, hello({ to: ["carol", "alice", "nobody", "shop", "alice"], sendAs: "shop" }));
    expect(await untilEnded(app, admin, id)).toMatchObject({
      total: 3,
      sent: 2,
      failed: 1,
      failures: [{ code: "RECIPIENT_NOT_FOUND", count: 1 }],
    });
    expect(texts(await alice.history("shop"))).toEqual(["hello"]);
    expect(await (await app.person("bob")).history("shop")).toEqual([]);
  });

  test("keeps its pace", async () => {
    const app = await startApp();
    const admin = await app.admin();
    const people = Array.from({ length: 30 }, (_, index) => `user${String(index).padStart(2, "0")}`);
    for (const id of people) await app.person(id);
    const { id } = await begin(admin, hello({ to: people, perSecond: 10 }));
    const sent = async () => (await progress(admin, id)).sent;
    await expect.poll(sent).toBe(1);
    app.clock.advance(99);
    expect(await sent()).toBe(1);
    for (let count = 2; count <= 30; count += 1) {
      app.clock.advance(100);
      await expect.poll(sent, { interval: 1 }).toBe(count);
    }
    expect((await untilEnded(app, admin, id)).state).toBe("DONE");
  });

  test("under the same key is the same one; under a key with something else it is a conflict", async () => {
    const app = await startApp();
    const admin = await app.admin();
    await app.people("alice", "bob");
    const input = hello({ clientMessageId: "one" });
    const { id } = await begin(admin, input);
    expect((await begin(admin, input)).id).toBe(id);
    await untilEnded(app, admin, id);
    expect((await begin(admin, input)).id).toBe(id);
    expect(await admin.refusedChange("broadcast", { ...input, to: ["alice"] })).toBe("IDEMPOTENCY_CONFLICT");
    expect((await admin.get("{ broadcasts { id } }")).broadcasts).toEqual([{ id }]);
  });

  test("is ended by an admin, and goes no further", async () => {
    const app = await startApp();
    const admin = await app.admin();
    const [, bob] = await app.people("alice", "bob");
    const { id } = await begin(admin, hello({ to: ["alice", "bob"], perSecond: 1 }));
    await expect.poll(async () => (await progress(admin, id)).sent).toBe(1);
    const { broadcast } = await admin.change("cancelBroadcast", { id }, `broadcast { ${PROGRESS} }`);
    expect(broadcast).toMatchObject({ state: "CANCELLED", sent: 1, finishedAt: expect.any(String) });
    app.clock.advance(60_000);
    expect(await bob.history("anna")).toEqual([]);
    expect(await admin.refusedChange("cancelBroadcast", { id: "b:999" })).toBe("MESSAGE_NOT_FOUND");
  });

  test("goes on after a restart, behind where it was", async () => {
    const app = await startApp();
    const admin = await app.admin();
    const people = await app.people("alice", "bob", "carol");
    const { id } = await begin(admin, hello({ to: ["alice", "bob", "carol"], perSecond: 1 }));
    await expect.poll(async () => (await progress(admin, id)).sent).toBe(1);
    await app.restart();
    expect(await untilEnded(app, admin, id)).toMatchObject({ state: "DONE", sent: 3 });
    for (const person of people) expect(texts(await person.history("anna"))).toEqual(["hello"]);
  });

  test("of which too many run at a time is refused, as is one that nobody could be sent", async () => {
    const app = await startApp();
    const admin = await app.admin();
    await app.people("alice", "bob");
    for (let count = 0; count < 5; count += 1) await begin(admin, hello({ to: ["alice", "bob"], perSecond: 1 }));
    expect(await admin.refusedChange("broadcast", hello({ to: ["alice"] }))).toBe("RATE_LIMITED");
    expect(await admin.refusedChange("broadcast", { content: { text: { text: "" } } })).toBe("INVALID_CONTENT");
    expect(await admin.refusedChange("broadcast", hello({ to: ["no user's id"] }))).toBe("INVALID_CONTENT");
    expect(await admin.refusedChange("broadcast", hello({ to: [] }))).toBe("INVALID_CONTENT");
    expect(await admin.refusedChange("broadcast", hello({ perSecond: 0 }))).toBe("INVALID_CONTENT");
  });

  test("is for admins, stands in the audit trail, and goes with its time", async () => {
    const app = await startApp();
    const [alice, admin] = [await app.person("alice"), await app.admin()];
    expect(await alice.refusedChange("broadcast", hello())).toBe("FORBIDDEN");
    expect(await alice.refusal("{ broadcasts { id } }")).toBe("FORBIDDEN");
    const { id } = await begin(admin, hello());
    await untilEnded(app, admin, id);
    const { auditTrail } = await admin.get("{ auditTrail(last: 1) { nodes { action subject } } }");
    expect(auditTrail.nodes).toEqual([{ action: "broadcast", subject: `${id} to everybody` }]);
    app.clock.advance(8 * DAY);
    expect(await progress(admin, id)).toBeNull();
    await app.server.engine.sweep();
    expect(everythingStored(app).broadcasts).toEqual([]);
  });

  test("of a server that is killed again and again reaches everybody once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "parley-broadcast-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const person = async (url: string, id: string, role: "user" | "admin" = "user") =>
      new Person({ url }, id, await signAppToken(SECRET, id, role, Date.now() + DAY));
    const people = Array.from({ length: 100 }, (_, index) => `user${index}`);
    let server = await startChild(folder, { PARLEY_READ_RATE: "0" });
    let admin = await person(server.url, "anna", "admin");
    await admin.change("importUsers", { users: people.map((id) => ({ id })) }, "__typename");
    const { id } = await begin(admin, hello({ to: people, perSecond: 100 }));
    for (const wanted of [20, 50, 80]) {
      await expect.poll(async () => (await progress(admin, id)).sent, { interval: 1 }).toBeGreaterThan(wanted);
      await kill(server);
      server = await startChild(folder, { PARLEY_READ_RATE: "0" });
      admin = await person(server.url, "anna", "admin");
    }
    await expect.poll(async () => (await progress(admin, id)).state, { timeout: 20_000 }).toBe("DONE");
    expect(await progress(admin, id)).toMatchObject({ sent: 100, failed: 0 });
    for (const user of people) {
      expect(texts(await (await person(server.url, user)).history("anna"))).toEqual(["hello"]);
    }
  }, 60_000);
});
