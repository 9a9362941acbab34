import { describe, expect, test } from "vitest";
import { type App, type Person, startApp } from "./support/app.ts";
import type { Data } from "./support/socket.ts";

const IMAGE_VARIANT = "{ url width height size }";
const CONTENT = `__typename type summary
  ... on TextContent { text }
  ... on FaceContent { index data }
  ... on LocationContent { name latitude longitude }
  ... on ImageContent { url width height size format thumbnail ${IMAGE_VARIANT} large ${IMAGE_VARIANT} }
  ... on SoundContent { url size durationMs }
  ... on FileContent { url name size mimeType }
  ... on VideoContent { url size durationMs format width height cover ${IMAGE_VARIANT} }
  ... on CustomContent { data description extension }
  ... on NoticeContent { kind subject { id } title body data }`;

const KIB = 1024;
const MIB = 1024 * 1024;
const URL = "https://cdn.example/it";
const image = { url: URL, width: 640, height: 480, size: 1_000, format: "jpeg" };
const sound = { url: URL, size: 1_000, durationMs: 3_000 };
const file = { url: URL, name: "plan.pdf", size: 1_000 };
const video = { url: URL, size: 1_000, durationMs: 60_000, format: "mp4" };

/** The newest message's content as a person reads it in the history with a peer. */
async function lastContent(person: Person, peer: string): Promise<Data> {
  const query = `query H($peer: ID!) { history(peer: $peer, last: 1) { nodes { content { ${CONTENT} } } } }`;
  const { history } = await person.get(query, { peer });
  return history.nodes[0].content;
}

async function aliceAndBob(): Promise<{ app: App; alice: Person; bob: Person }> {
  const app = await startApp();
  const [alice, bob] = await app.people("alice", "bob");
  return { app, alice, bob };
}

// ── what is sent is what is read ────────────────────────────────────────────────────────────────

const bare = { thumbnail: null, large: null };
const accepted: [name: string, sent: object, read: object][] = [
  ["text", { text: { text: "Grüße 👋\n" } }, { type: "TEXT", summary: "Grüße 👋", text: "Grüße 👋\n" }],
  ["a face", { face: { index: 3, data: "set-1" } }, { type: "FACE", summary: "[Face]", index: 3, data: "set-1" }],
  ["a face alone", { face: { index: 0 } }, { type: "FACE", summary: "[Face]", index: 0, data: null }],
  [
    "a location",
    { location: { name: "Home", latitude: 52.52, longitude: 13.405 } },
    { type: "LOCATION", summary: "[Location] Home", name: "Home", latitude: 52.52, longitude: 13.405 },
  ],
  [
    "a location at the ends of the earth",
    { location: { name: "", latitude: -90, longitude: 180 } },
    { type: "LOCATION", summary: "[Location]", name: "", latitude: -90, longitude: 180 },
  ],
  ["an image", { image }, { type: "IMAGE", summary: "[Image]", ...image, ...bare }],
  [
    "an image of exactly 28 MiB",
    { image: { ...image, size: 28 * MIB } },
    { type: "IMAGE", summary: "[Image]", ...image, ...bare, size: 28 * MIB },
  ],
  ["a sound", { sound }, { type: "SOUND", summary: "[Sound]", ...sound }],
  [
    "a sound of exactly 28 MiB",
    { sound: { ...sound, size: 28 * MIB, durationMs: 0 } },
    { type: "SOUND", summary: "[Sound]", ...sound, size: 28 * MIB, durationMs: 0 },
  ],
  [
    "a file",
    { file: { ...file, mimeType: "application/pdf" } },
    { type: "FILE", summary: "[File] plan.pdf", ...file, mimeType: "application/pdf" },
  ],
  [
    "a file of exactly 100 MiB",
    { file: { ...file, size: 100 * MIB } },
    { type: "FILE", summary: "[File] plan.pdf", ...file, size: 100 * MIB, mimeType: null },
  ],
  ["a video", { video }, { type: "VIDEO", summary: "[Video]", ...video, width: null, height: null, cover: null }],
  [
    "a video of exactly 100 MiB with a cover",
    {
      video: {
        ...video,
        size: 100 * MIB,
        width: 1_920,
        height: 1_080,
        cover: { url: URL, width: 9, height: 8, size: 7 },
      },
    },
    {
      type: "VIDEO",
      summary: "[Video]",
      ...video,
      size: 100 * MIB,
      width: 1_920,
      height: 1_080,
      cover: { url: URL, width: 9, height: 8, size: 7 },
    },
  ],
  [
    "custom content",
    { custom: { data: "{}", description: "A red packet", extension: "v2" } },
    { type: "CUSTOM", summary: "A red packet", data: "{}", description: "A red packet", extension: "v2" },
  ],
  [
    "custom content without a description",
    { custom: { data: "" } },
    { type: "CUSTOM", summary: "[Custom]", data: "", description: null, extension: null },
  ],
];

test.each(accepted)("bob reads %s as alice sent it", async (_name, sent, read) => {
  const { alice, bob } = await aliceAndBob();
  await alice.send("bob", sent);
  const { __typename, ...content } = await lastContent(bob, "alice");
  expect(content).toEqual(read);
  expect(__typename.toUpperCase()).toBe(`${content.type}CONTENT`);
});

test("bob reads a notice as an admin sent it", async () => {
  const { app, bob } = await aliceAndBob();
  await (await app.admin()).send("bob", { notice: { title: "News", body: "We moved.", data: "42" } });
  expect(await lastContent(bob, "system")).toEqual({
    __typename: "NoticeContent",
    type: "NOTICE",
    summary: "We moved.",
    kind: "CUSTOM",
    subject: null,
    title: "News",
    body: "We moved.",
    data: "42",
  });
});

test("content survives a restart as it was", async () => {
  const { app, alice, bob } = await aliceAndBob();
  await alice.send("bob", { location: { name: "Home", latitude: 52.520008, longitude: -0.1 } });
  await app.restart();
  expect(await lastContent(bob, "alice")).toMatchObject({ name: "Home", latitude: 52.520008, longitude: -0.1 });
});

test.each([
  ["several lines become one", " one\r\n\n two\u2028three ", "one two three"],
  ["what is too long is cut, and no character in half", `${"x".repeat(198)}👋${"y".repeat(50)}`, `${"x".repeat(198)}…`],
  ["200 characters fit", "x".repeat(200), "x".repeat(200)],
  ["201 do not", "x".repeat(201), `${"x".repeat(199)}…`],
])("in a summary, %s", async (_rule, text, summary) => {
  const { alice, bob } = await aliceAndBob();
  await alice.send("bob", text);
  expect(await lastContent(bob, "alice")).toMatchObject({ text, summary });
});

test.each([
  ["http://example.org/a.png"],
  ["HTTPS://EXAMPLE.ORG/a.png?x=1#y"],
  ["https://example.org:8443/ä/👋.png"],
  [`https://example.org/${"x".repeat(2_048 - 20)}`],
])("media may lie at %s", async (url) => {
  const { alice, bob } = await aliceAndBob();
  await alice.send("bob", { sound: { ...sound, url } });
  expect(await lastContent(bob, "alice")).toMatchObject({ url });
});

// ── what is refused, and where it says that the fault lies ──────────────────────────────────────

const refused: [name: string, content: object, field: string][] = [
  ["empty text", { text: { text: "" } }, "text.text"],
  ["blank text", { text: { text: " \n\t " } }, "text.text"],
  ["a face below 0", { face: { index: -1 } }, "face.index"],
  ["a latitude over 90", { location: { name: "x", latitude: 90.000001, longitude: 0 } }, "location.latitude"],
  ["a latitude under -90", { location: { name: "x", latitude: -91, longitude: 0 } }, "location.latitude"],
  ["a longitude over 180", { location: { name: "x", latitude: 0, longitude: 180.000001 } }, "location.longitude"],
  ["a longitude under -180", { location: { name: "x", latitude: 0, longitude: -1e300 } }, "location.longitude"],
  ["an image without url", { image: { ...image, url: null } }, "image.url"],
  ["an image without width", { image: { ...image, width: null } }, "image.width"],
  ["an image without height", { image: { ...image, height: null } }, "image.height"],
  ["an image without size", { image: { ...image, size: null } }, "image.size"],
  ["an image without format", { image: { ...image, format: null } }, "image.format"],
  ["an image with a format of no name", { image: { ...image, format: "<b>" } }, "image.format"],
  ["an image of no width", { image: { ...image, width: 0 } }, "image.width"],
  ["an image of negative height", { image: { ...image, height: -480 } }, "image.height"],
  ["an image of negative size", { image: { ...image, size: -1 } }, "image.size"],
  ["an image with neither url nor upload", { image: {} }, "image.url"],
  ["an image with both", { image: { ...image, upload: "u:1" } }, "image.upload"],
  ["a sound without url", { sound: { size: 1, durationMs: 1 } }, "sound.url"],
  ["a sound without size", { sound: { url: URL, durationMs: 1 } }, "sound.size"],
  ["a sound without duration", { sound: { url: URL, size: 1 } }, "sound.durationMs"],
  ["a sound of negative duration", { sound: { ...sound, durationMs: -1 } }, "sound.durationMs"],
  ["a file without url", { file: { name: "a", size: 1 } }, "file.url"],
  ["a file without name", { file: { url: URL, size: 1 } }, "file.name"],
  ["a file with a blank name", { file: { ...file, name: " " } }, "file.name"],
  ["a file with a name of 256 characters", { file: { ...file, name: "x".repeat(256) } }, "file.name"],
  ["a file without size", { file: { url: URL, name: "a" } }, "file.size"],
  ["a file with a media type that is none", { file: { ...file, mimeType: "pdf" } }, "file.mimeType"],
  ["a video without url", { video: { ...video, url: null } }, "video.url"],
  ["a video without size", { video: { ...video, size: null } }, "video.size"],
  ["a video without duration", { video: { ...video, durationMs: null } }, "video.durationMs"],
  ["a video without format", { video: { ...video, format: null } }, "video.format"],
  ["a video of no width", { video: { ...video, width: 0 } }, "video.width"],
  [
    "a video with a cover without width",
    { video: { ...video, cover: { ...image, width: null } } },
    "video.cover.width",
  ],
];

test.each(refused)("%s is refused, and the refusal names the field", async (_name, content, field) => {
  const { alice } = await aliceAndBob();
  const result = await alice.trySend("bob", content);
  expect(result).toMatchObject({ code: "INVALID_CONTENT", field: `content.${field}`, retryAfterMs: null });
  expect(result.reason).not.toBe("");
  expect(await alice.history("bob")).toEqual([]);
});

const tooLarge: [name: string, content: object, field: string][] = [
  ["an image over 28 MiB", { image: { ...image, size: 28 * MIB + 1 } }, "image.size"],
  ["a sound over 28 MiB", { sound: { ...sound, size: 28 * MIB + 1 } }, "sound.size"],
  ["a file over 100 MiB", { file: { ...file, size: 100 * MIB + 1 } }, "file.size"],
  ["a video over 100 MiB", { video: { ...video, size: 100 * MIB + 1 } }, "video.size"],
  ["a cover over 28 MiB", { video: { ...video, cover: { ...image, size: 28 * MIB + 1 } } }, "video.cover.size"],
];

test.each(tooLarge)("%s is refused by one byte", async (_name, content, field) => {
  const { alice } = await aliceAndBob();
  expect(await alice.trySend("bob", content)).toMatchObject({ code: "CONTENT_TOO_LARGE", field: `content.${field}` });
  expect(await alice.history("bob")).toEqual([]);
});

test.each([
  "javascript:alert(1)",
  "file:///etc/passwd",
  "ftp://example.org/a",
  "data:image/png;base64,AAAA",
  "//example.org/a",
  "/a.png",
  "example.org/a.png",
  "https:example.org",
  "http://",
  " https://example.org/a",
  "",
  `https://example.org/${"x".repeat(2_048 - 19)}`,
])("media may not lie at %j", async (url) => {
  const { alice } = await aliceAndBob();
  const refusal = { code: "INVALID_CONTENT" };
  expect(await alice.trySend("bob", { image: { ...image, url } })).toMatchObject({
    ...refusal,
    field: "content.image.url",
  });
  expect(await alice.trySend("bob", { video: { ...video, cover: { ...image, url } } })).toMatchObject({
    ...refusal,
    field: "content.video.cover.url",
  });
});

describe.each([
  ["NUL", "a\u0000b"],
  ["a high surrogate alone", "a\ud83d"],
  ["a low surrogate alone", "\udc4bb"],
  ["surrogates in the wrong order", "\udc4b\ud83d"],
])("%s is refused", (_name, bad) => {
  const places: [field: string, content: object, more: object][] = [
    ["content.text.text", { text: { text: bad } }, {}],
    ["content.face.data", { face: { index: 1, data: bad } }, {}],
    ["content.location.name", { location: { name: bad, latitude: 0, longitude: 0 } }, {}],
    ["content.image.url", { image: { ...image, url: `${URL}${bad}` } }, {}],
    ["content.image.format", { image: { ...image, format: bad } }, {}],
    ["content.sound.url", { sound: { ...sound, url: `${URL}${bad}` } }, {}],
    ["content.file.name", { file: { ...file, name: bad } }, {}],
    ["content.file.mimeType", { file: { ...file, mimeType: `a/${bad}` } }, {}],
    ["content.video.cover.url", { video: { ...video, cover: { ...image, url: `${URL}${bad}` } } }, {}],
    ["content.custom.data", { custom: { data: bad } }, {}],
    ["content.custom.description", { custom: { data: "x", description: bad } }, {}],
    ["content.custom.extension", { custom: { data: "x", extension: bad } }, {}],
    ["customData", { text: { text: "x" } }, { customData: bad }],
    ["clientMessageId", { text: { text: "x" } }, { clientMessageId: bad }],
    ["replyTo", { text: { text: "x" } }, { replyTo: bad }],
    ["push.title", { text: { text: "x" } }, { push: { title: bad } }],
    ["push.body", { text: { text: "x" } }, { push: { body: bad } }],
    ["push.data", { text: { text: "x" } }, { push: { data: bad } }],
  ];

  test("wherever a sender can put it", async () => {
    const { alice } = await aliceAndBob();
    for (const [field, content, more] of places) {
      expect(await alice.trySend("bob", content, more), field).toMatchObject({ code: "INVALID_CONTENT", field });
    }
    expect(await alice.history("bob")).toEqual([]);
  });

  test("in notices too", async () => {
    const { app } = await aliceAndBob();
    const anna = await app.admin();
    for (const part of ["title", "body", "data"]) {
      const result = await anna.trySend("bob", { notice: { body: "x", [part]: bad } });
      expect(result, part).toMatchObject({ code: "INVALID_CONTENT", field: `content.notice.${part}` });
    }
  });
});

test("a notice needs a body", async () => {
  const { app } = await aliceAndBob();
  expect(await (await app.admin()).trySend("bob", { notice: { body: " " } })).toMatchObject({
    code: "INVALID_CONTENT",
    field: "content.notice.body",
  });
});

// ── sizes ───────────────────────────────────────────────────────────────────────────────────────

const exactly: [name: string, content: object, customData: string | undefined][] = [
  ["text", { text: { text: "x".repeat(12 * KIB) } }, undefined],
  ["text of two bytes a character", { text: { text: "é".repeat(6 * KIB) } }, undefined],
  ["text of four bytes a character", { text: { text: "👋".repeat(3 * KIB) } }, undefined],
  ["text with customData", { text: { text: "x".repeat(8 * KIB) } }, "y".repeat(4 * KIB)],
  [
    "custom content",
    { custom: { data: "x".repeat(4 * KIB), description: "y".repeat(4 * KIB), extension: "z".repeat(4 * KIB) } },
    undefined,
  ],
  ["a face", { face: { index: 123_456, data: "x".repeat(12 * KIB) } }, undefined],
  ["a location", { location: { name: "x".repeat(12 * KIB), latitude: 12.345678, longitude: 12.345678 } }, undefined],
];

test.each(exactly)("12 KiB of %s pass", async (_name, content, customData) => {
  const { alice, bob } = await aliceAndBob();
  await alice.send("bob", content, { customData });
  expect(await lastContent(bob, "alice")).toMatchObject(Object.values(content)[0]);
});

/** The same with one more byte in the first string of the content. */
function oneByteMore(content: object): object {
  const [[kind, fields] = ["", {}]] = Object.entries(content);
  const [name, text] = Object.entries(fields).find(([, value]) => typeof value === "string") ?? ["", ""];
  return { [kind]: { ...fields, [name]: `${String(text)}!` } };
}

test.each(exactly)("one byte over 12 KiB of %s is refused", async (_name, content, customData) => {
  const { alice } = await aliceAndBob();
  expect(await alice.trySend("bob", oneByteMore(content), { customData })).toMatchObject({
    code: "CONTENT_TOO_LARGE",
    field: "content",
  });
  expect(await alice.history("bob")).toEqual([]);
});

test("customData has at most 4 KiB in UTF-8 and comes back as it was", async () => {
  const { alice, bob } = await aliceAndBob();
  const customData = "é".repeat(2 * KIB);
  await alice.send("bob", "hello", { customData });
  expect(await bob.history("alice")).toMatchObject([{ customData }]);
  expect(await alice.trySend("bob", "hello", { customData: `${customData}x` })).toMatchObject({
    code: "INVALID_CONTENT",
    field: "customData",
  });
});

test("what a push says has at most 4 KiB in UTF-8", async () => {
  const { alice } = await aliceAndBob();
  const push = { title: "t".repeat(KIB), body: "b".repeat(KIB), data: "é".repeat(KIB) };
  await alice.send("bob", "hello", { push });
  expect(await alice.trySend("bob", "hello", { push: { ...push, body: `${push.body}b` } })).toMatchObject({
    code: "INVALID_CONTENT",
    field: "push",
  });
});

// ── one kind at a time ──────────────────────────────────────────────────────────────────────────

/** The codes of all errors of an answer: GraphQL may find several faults in one input. */
async function codes(person: Person, query: string, variables: object = {}): Promise<Set<string | undefined>> {
  const { errors } = await person.ask(query, variables);
  return new Set(errors?.map(({ extensions }) => extensions?.code));
}

const SEND = "mutation S($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }";

test.each([
  ["no content", {}],
  ["two contents", { text: { text: "a" }, face: { index: 1 } }],
  ["one content and a null", { text: { text: "a" }, face: null }],
  ["a null", { text: null }],
  ["null for all", null],
  ["a kind that is none", { smell: { of: "roses" } }],
  ["text that is no text", { text: { text: 7 } }],
  ["a face of one and a half", { face: { index: 1.5 } }],
  ["a face beyond 32 bits", { face: { index: 2_147_483_648 } }],
  ["a latitude in words", { location: { name: "x", latitude: "NaN", longitude: 0 } }],
  ["a latitude of null", { location: { name: "x", latitude: null, longitude: 0 } }],
])("%s in variables is bad input", async (_name, content) => {
  const { alice } = await aliceAndBob();
  expect(await codes(alice, SEND, { input: { to: "bob", content } })).toEqual(new Set(["BAD_USER_INPUT"]));
  expect(await alice.history("bob")).toEqual([]);
});

test.each([
  ["no content", "{}"],
  ["two contents", '{ text: { text: "a" }, face: { index: 1 } }'],
  ["one content and a null", '{ text: { text: "a" }, face: null }'],
  ["a null", "{ text: null }"],
  ["a face in words", '{ face: { index: "one" } }'],
  ["a latitude in words", '{ location: { name: "x", latitude: "NaN", longitude: 0 } }'],
])("%s in the document is bad input", async (_name, content) => {
  const { alice } = await aliceAndBob();
  const mutation = `mutation { sendMessage(input: { to: "bob", content: ${content} }) { __typename } }`;
  expect(await codes(alice, mutation)).toEqual(new Set(["BAD_USER_INPUT"]));
  expect(await alice.history("bob")).toEqual([]);
});

test.each(["1e999", "-1e999"])("a coordinate of %s, which JSON can carry, is bad input", async (number) => {
  const { app, alice } = await aliceAndBob();
  const location = `{"name":"x","latitude":${number},"longitude":0}`;
  const response = await fetch(app.url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${alice.token}` },
    body: `{"query":${JSON.stringify(SEND)},"variables":{"input":{"to":"bob","content":{"location":${location}}}}}`,
  });
  const { errors } = (await response.json()) as Data;
  expect(errors).toMatchObject([{ extensions: { code: "BAD_USER_INPUT" } }]);
  expect(await alice.history("bob")).toEqual([]);
});

test("content may be written in the document as well as in variables", async () => {
  const { alice, bob } = await aliceAndBob();
  const mutation = `mutation {
    sendMessage(input: { to: "bob", content: { face: { index: 7 } } }) { __typename }
  }`;
  expect(await alice.get(mutation)).toEqual({ sendMessage: { __typename: "SendMessageSuccess" } });
  expect(await lastContent(bob, "alice")).toMatchObject({ index: 7 });
});
