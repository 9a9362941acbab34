import { expect, test } from "vitest";
import { clock } from "../support/push/notifications.ts";
import { startPhones } from "../support/push/phones.ts";
import { enter } from "./support.ts";

test("a device registers, says what it wants, and is told of messages until it logs out", async () => {
  const phones = await startPhones();
  const [alice, bob] = [await enter(phones.app, "alice"), await enter(phones.app, "bob")];
  await bob.notifications.register({ vendor: "FCM", token: "a phone", language: "ko" });
  expect(await bob.notifications.preferences()).toEqual({ preview: "FULL", quietHours: null, mutedUntil: null });
  const wanted = await bob.notifications.update({ preview: "NAME_ONLY", muteSeconds: 60 });
  expect(wanted).toEqual({
    preview: "NAME_ONLY",
    quietHours: null,
    mutedUntil: new Date(clock.now() + 60_000).toISOString(),
  });
  await bob.notifications.update({ muteSeconds: 0 });
  bob.close();
  await alice.sendMessage("bob", "hello").settled;
  phones.pass();
  expect(await phones.untilTold(1)).toMatchObject([{ title: "alice", body: "새 메시지가 있습니다" }]);

  const again = await enter(phones.app, "bob");
  await again.notifications.register({ vendor: "FCM", token: "a phone" });
  await again.notifications.remove();
  await again.notifications.register({ vendor: "FCM", token: "a phone" });
  await again.logout();
  await alice.sendMessage("bob", "after all").settled;
  await alice.sendMessage("carol", "nobody").settled;
  phones.pass();
  await phones.app.server.engine.pushing.settled();
  expect(phones.told).toHaveLength(1);
});

test("what cannot be registered is refused with the server's reason", async () => {
  const phones = await startPhones();
  const bob = await enter(phones.app, "bob");
  const registering = bob.notifications.register({ vendor: "MEIZU", token: "a phone" });
  await expect(registering).rejects.toMatchObject({ code: "INVALID_CONTENT", field: "vendor" });
});
