import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startApp, texts } from "./support/app.ts";
import { makeSmallDisk, mayMount } from "./support/small-disk.ts";

function smallDisk(megabytes: number) {
  const disk = makeSmallDisk(megabytes);
  onTestFinished(disk.remove);
  return disk;
}

test.runIf(mayMount)(
  "a full disk refuses writes, loses nothing, still answers, and heals without a restart",
  async () => {
    const disk = smallDisk(3);
    const app = await startApp({ dataFolder: disk.folder });
    const [alice, bob] = await app.people("alice", "bob");
    const send =
      "mutation S($input: SendMessageInput!) { sendMessage(input: $input) { ... on SendMessageSuccess { message { id } } } }";
    const filler = "x".repeat(11_000);

    const acknowledged: string[] = [];
    let refused: string | undefined;
    for (let round = 0; refused === undefined && round < 1_000; round += 1) {
      const text = `${round} ${filler}`;
      const { data, errors } = await alice.ask(send, { input: { to: "bob", content: { text: { text } } } });
      if (data?.sendMessage?.message === undefined) refused = errors?.[0]?.extensions?.code;
      else acknowledged.push(data.sendMessage.message.id);
    }
    expect(refused).toBe("UNAVAILABLE");
    expect(acknowledged.length).toBeGreaterThan(10);
    const newest = await bob.history("alice", { last: 5 });
    expect(newest.map((message) => message.id)).toEqual(acknowledged.slice(-5));

    disk.grow(20);
    await alice.send("bob", "there is room again");
    await app.restart();
    expect(texts(await bob.history("alice", { last: 1 }))).toEqual(["there is room again"]);
    const page = await bob.history("alice", { first: 100 });
    expect(page.map((message) => message.id)).toEqual([...acknowledged, page.at(-1)?.id].slice(0, page.length));
  },
);

test.runIf(mayMount)("a start on a disk that is full from the beginning says so", async () => {
  const { folder } = smallDisk(1);
  const file = openSync(join(folder, "ballast"), "w");
  expect(() => {
    for (;;) writeSync(file, Buffer.alloc(4_096));
  }).toThrow(/ENOSPC/);
  closeSync(file);
  await expect(startApp({ dataFolder: folder })).rejects.toThrow(/disk is full/);
});
