/** Push tokens: whose they are, when they go, and which are refused; and what users may want of notifications. */
import { describe, expect, test } from "vitest";
import type { Person } from "../support/app.ts";
import { fcmError } from "../support/push/fake-fcm.ts";
import { type Phones, REGISTER, register, startPhones } from "../support/push/phones.ts";

async function revoke(phones: Phones, input: object) {
  return (await phones.app.admin()).change("revokeTokens", input, "endedDevices");
}

describe("tokens", () => {
  test("belong to whoever registered them last", async () => {
    const phones = await startPhones();
    await phones.phone("bob", "one phone");
    const carol = await phones.phone("carol", "one phone");
    const alice = await phones.app.person("alice");
    await alice.send("bob", "for bob");
    await alice.send("carol", "for carol");
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ token: "one phone", body: "for carol" }]);
    const { devices } = await carol.get("{ devices { deviceId pushTokens { vendor environment language } } }");
    expect(devices).toEqual([
      { deviceId: "phone of carol", pushTokens: [{ vendor: "FCM", environment: "PRODUCTION", language: null }] },
    ]);
  });

  test.each<[string, (bob: Person, phones: Phones) => Promise<unknown>]>([
    ["logs out", (bob) => bob.get("mutation { logout { deviceId } }")],
    ["removes them", (bob) => bob.change("removePushTokens", {}, "removed")],
    ["is revoked by an admin", (_, phones) => revoke(phones, { user: "bob", deviceId: "phone of bob" })],
    ["loses its session with all of the user's", (_, phones) => revoke(phones, { user: "bob" })],
    [
      "makes room for another phone",
      async (_, phones) => (await phones.app.person("bob")).login("another phone", "ANDROID"),
    ],
  ])("go when the device %s", async (_, end) => {
    const phones = await startPhones();
    const bob = await phones.phone("bob");
    const alice = await phones.app.person("alice");
    await alice.send("bob", "before");
    await end(bob, phones);
    await alice.send("bob", "after");
    phones.pass();
    await phones.phone("carol");
    await alice.send("carol", "hello");
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ body: "hello" }]);
  });

  test("go when a device that never logged in logs out", async () => {
    const phones = await startPhones();
    const [alice, bob] = await phones.app.people("alice", "bob");
    await register(bob, "token of a browser");
    await bob.get("mutation { logout { deviceId } }");
    await alice.send("bob", "hello");
    await phones.phone("carol");
    await alice.send("carol", "hello");
    phones.pass();
    expect(await phones.untilTold(1)).toMatchObject([{ token: "token of carol" }]);
  });

  test("go when the vendor does not know them any more, unless the device has registered since", async () => {
    const phones = await startPhones();
    const bob = await phones.phone("bob");
    const alice = await phones.app.person("alice");
    phones.fake.fates.push(fcmError(404, "UNREGISTERED"));
    await alice.send("bob", "one");
    phones.pass();
    expect(await phones.untilReported("bob", 1)).toMatchObject([
      { outcome: "TOKEN_INVALID", reason: "404 UNREGISTERED" },
    ]);
    await alice.send("bob", "two");
    phones.pass();
    await register(bob, "another token");
    await alice.send("bob", "three");
    phones.pass();
    expect((await phones.untilTold(2))[1]).toMatchObject({ token: "another token", body: "three" });
  });

  test.each([
    [{ vendor: "APNS" }, "vendor"],
    [{ token: "" }, "token"],
    [{ token: "x".repeat(4_097) }, "token"],
    [{ language: "not a language" }, "language"],
  ] as [object, string][])("are refused that cannot be used: %j", async (wrong, field) => {
    const phones = await startPhones();
    const bob = await phones.app.person("bob");
    const input = { vendor: "FCM", token: "token", ...wrong };
    const { errors = [] } = await bob.ask(REGISTER, { input });
    expect(errors[0]?.extensions).toMatchObject({ code: "INVALID_CONTENT", field });
  });
});

describe("preferences", () => {
  test.each([
    [{ quietHours: { from: -1, to: 60, timeZone: "UTC" } }, "quietHours.from"],
    [{ quietHours: { from: 0, to: 1_440, timeZone: "UTC" } }, "quietHours.to"],
    [{ quietHours: { from: 0, to: 60, timeZone: "Atlantis" } }, "quietHours.timeZone"],
    [{ muteSeconds: -1 }, "muteSeconds"],
    [{ muteSeconds: 2_000_000_000 }, "muteSeconds"],
  ] as [object, string][])("are refused that cannot be kept: %j", async (input, field) => {
    const phones = await startPhones();
    const bob = await phones.app.person("bob");
    const mutation = `mutation Prefer($input: UpdatePushPreferencesInput!) {
      updatePushPreferences(input: $input) { pushPreferences { preview } } }`;
    const { errors = [] } = await bob.ask(mutation, { input });
    expect(errors[0]?.extensions).toMatchObject({ code: "INVALID_CONTENT", field });
  });

  test("that are changed at the same time are all kept", async () => {
    const phones = await startPhones();
    const bob = await phones.app.person("bob");
    const prefer = (input: object) => bob.change("updatePushPreferences", input, "__typename");
    const quietHours = { from: 1_320, to: 420, timeZone: "Asia/Seoul" };
    await Promise.all([prefer({ preview: "NONE" }), prefer({ quietHours }), prefer({ muteSeconds: 600 })]);
    const { pushPreferences } = await bob.get(
      "{ pushPreferences { preview mutedUntil quietHours { from to timeZone } } }",
    );
    expect(pushPreferences).toEqual({ preview: "NONE", quietHours, mutedUntil: expect.any(String) });
  });
});
