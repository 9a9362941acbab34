/** Media of two servers in one bucket: what is begun on one goes on on the other, and is had from both. */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { startCluster } from "../support/cluster.ts";
import { S3Server, servesS3 } from "../support/s3-server.ts";
import { begin, PATCH, ticketFor, tus, uploadNow } from "../support/uploads.ts";

const server = inject("postgres");
const MIB = 1024 * 1024;

describe.runIf(servesS3)("a bucket of two servers", () => {
  const s3 = new S3Server();
  beforeAll(() => s3.start());
  afterAll(() => s3.remove());

  test("an upload goes on on another server, is sent from there, and is served by both until it is recalled", async () => {
    const { servers, on } = await startCluster({ server, media: { place: await s3.makeBucket("media-of-two") } });
    const [first, second] = servers;
    const [alice, bob] = await first.people("alice", "bob");
    const bytes = randomBytes(12 * MIB + 345);
    const ticket = await begin(first, await ticketFor(alice, "FILE", bytes.length, "a file.bin"));
    const half = 6 * MIB;
    const sent = await tus(first, ticket, "PATCH", { ...PATCH, "Upload-Offset": "0" }, bytes.subarray(0, half));
    expect(sent.status).toBe(204);
    const there = await tus(second, ticket, "HEAD");
    const offset = Number(there.headers.get("upload-offset"));
    expect(offset).toBeGreaterThan(0);
    const rest = await tus(
      second,
      ticket,
      "PATCH",
      { ...PATCH, "Upload-Offset": String(offset) },
      bytes.subarray(offset),
    );
    expect(rest.status).toBe(204);
    const { id } = ticket.upload;
    await expect.poll(async () => (await uploadNow(alice, id))?.state, { timeout: 20_000 }).toBe("READY");
    const message = await on(1, alice).send("bob", { file: { upload: id } });
    const query = '{ history(peer: "alice", last: 1) { nodes { content { ... on FileContent { url } } } } }';
    for (const index of [0, 1] as const) {
      const { history } = await on(index, bob).get(query);
      const answer = await fetch(new URL(history.nodes[0].content.url, servers[index].url));
      expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    }
    const { history } = await on(0, bob).get(query);
    const url = new URL(history.nodes[0].content.url, first.url);
    await on(1, alice).recall(message.id);
    expect((await fetch(url)).status).toBe(404);
  });
});
