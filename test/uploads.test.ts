import { randomBytes } from "node:crypto";
import sharp from "sharp";
import { expect, test } from "vitest";
import { startApp } from "./support/app.ts";
import { bring, hashOf, ready, ticketFor, uploadNow } from "./support/uploads.ts";

const CONTENT = `content { __typename summary ... on ImageContent { url width height size format
  thumbnail { url width height size } large { url width height size } } ... on FileContent { url name size mimeType } }`;

test("a picture is brought, sent, and had by the other side, in three sizes", async () => {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  const picture = await sharp({ create: { width: 2_000, height: 1_500, channels: 3, background: "#369" } })
    .jpeg()
    .toBuffer();
  const upload = await ready(app, alice, "IMAGE", picture, "사진.jpg");
  const sent = await alice.get(
    `mutation Send($upload: ID!) { sendMessage(input: { to: "bob", content: { image: { upload: $upload } } }) {
      ... on Error { code reason } ... on SendMessageSuccess { message { id } } } }`,
    { upload },
  );
  expect(sent.sendMessage).toMatchObject({ message: { id: expect.any(String) } });
  const { history } = await bob.get(`{ history(peer: "alice", last: 1) { nodes { ${CONTENT} } } }`);
  const [{ content }] = history.nodes;
  expect(content).toMatchObject({
    width: 2_000,
    height: 1_500,
    size: picture.length,
    format: "jpeg",
    thumbnail: { width: 264, height: 198 },
    large: { width: 960, height: 720 },
  });
  const original = await fetch(new URL(content.url, app.url));
  expect(original.status).toBe(200);
  expect(original.headers.get("content-type")).toBe("image/jpeg");
  expect(hashOf(await original.arrayBuffer())).toBe(hashOf(picture));
  for (const variant of [content.thumbnail, content.large]) {
    const bytes = await (await fetch(new URL(variant.url, app.url))).arrayBuffer();
    expect(bytes.byteLength).toBe(variant.size);
    expect(await sharp(bytes).metadata()).toMatchObject({
      format: "webp",
      width: variant.width,
      height: variant.height,
    });
  }
});

test("nothing is ready before all of it has come", async () => {
  const app = await startApp();
  const alice = await app.person("alice");
  const bytes = randomBytes(1_000);
  const ticket = await ticketFor(alice, "FILE", bytes.length);
  expect(await uploadNow(alice, ticket.upload.id)).toMatchObject({ state: "UPLOADING", size: 1_000 });
  expect(await bring(app, ticket, bytes)).toBeNull();
  expect(await uploadNow(alice, ticket.upload.id)).toMatchObject({
    state: "READY",
    mimeType: "application/octet-stream",
  });
});
