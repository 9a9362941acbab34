import { expect, test } from "vitest";
import { startApp, texts } from "./support/app.ts";

test("what bob missed waits for each of his devices, then one refresh, then what comes", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  for (const text of ["one", "two", "three"]) await alice.send("bob", text);

  expect(await bob.conversations()).toMatchObject([{ peer: { id: "alice" }, unreadCount: 3 }]);
  const phone = await (await bob.login("phone", "IOS")).sync();
  const laptop = await (await bob.login("laptop", "WEB")).sync();
  for (const device of [phone, laptop]) {
    expect(texts(device.handed)).toEqual(["one", "two", "three"]);
    expect(device.handed.map((event) => event.source)).toEqual(["OFFLINE", "OFFLINE", "OFFLINE"]);
    expect(device.refreshed).toMatchObject({ offlineCount: 3, recentCount: 0, truncated: false, truncatedPeers: [] });
  }

  await alice.send("bob", "four");
  for (const device of [phone, laptop]) {
    expect(await device.messages.next()).toMatchObject({ source: "LIVE", message: { content: { summary: "four" } } });
  }
});
