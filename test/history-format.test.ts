/** The elements of other systems' messages, one by one. */
import { expect, test } from "vitest";
import { historyFormat } from "../src/commands/records/history-format.ts";

const BEGIN = '{"SdkAppId":1400000000,"ChatType":"C2C","MsgTime":"2026112614","MsgList":[';
const KEY = "history:7:4294967295:1764165600";

function read(body: object[], more: object = {}) {
  const format = historyFormat();
  expect(format.line(BEGIN)).toEqual({ passedOver: true });
  const message = {
    From_Account: "alice",
    To_Account: "bob",
    MsgTimestamp: 1_764_165_600,
    MsgSeq: 7,
    MsgRandom: 4_294_967_295,
    MsgBody: body,
    ...more,
  };
  return format.line(`${JSON.stringify(message)},`);
}

function contentOf(MsgType: string, MsgContent: object): unknown {
  const reading = read([{ MsgType, MsgContent }]);
  if (!("items" in reading)) return reading;
  const [item] = reading.items;
  return item?.kind === "message" ? item.input.content : null;
}

const PICTURE = { Type: 1, Size: 300, Width: 40, Height: 30, URL: "https://example.org/o.webp" };
const SMALL = { Type: 3, Size: 20, Width: 4, Height: 3, URL: "https://example.org/t.jpg" };
const VIDEO = { VideoUrl: "https://example.org/v", VideoSize: 900, VideoSecond: 3, VideoFormat: "MP4", VideoUUID: "u" };
const COVER = { url: "https://example.org/c", width: 8, height: 6, size: 70 };

test.each([
  ["TIMTextElem", { Text: "hello" }, { text: { text: "hello" } }],
  ["TIMFaceElem", { Index: 2, Data: "abc" }, { face: { index: 2, data: "abc" } }],
  ["TIMFaceElem", { Index: 0 }, { face: { index: 0 } }],
  [
    "TIMLocationElem",
    { Desc: "Rome", Latitude: 41.9, Longitude: 12.5 },
    { location: { name: "Rome", latitude: 41.9, longitude: 12.5 } },
  ],
  [
    "TIMImageElem",
    { UUID: "u", ImageFormat: 1, ImageInfoArray: [SMALL, PICTURE] },
    { image: { url: PICTURE.URL, width: 40, height: 30, size: 300, format: "jpeg" } },
  ],
  [
    "TIMImageElem",
    { UUID: "u", ImageFormat: 255, ImageInfoArray: [PICTURE] },
    { image: { url: PICTURE.URL, width: 40, height: 30, size: 300, format: "webp" } },
  ],
  [
    "TIMImageElem",
    { ImageInfoArray: [SMALL, { ...PICTURE, Type: 2, URL: "https://example.org/large" }] },
    { image: { url: "https://example.org/large", width: 40, height: 30, size: 300, format: "unknown" } },
  ],
  [
    "TIMSoundElem",
    { Url: "https://example.org/s", UUID: "u", Size: 62, Second: 2, Download_Flag: 2 },
    { sound: { url: "https://example.org/s", size: 62, durationMs: 2_000 } },
  ],
  [
    "TIMFileElem",
    { Url: "https://example.org/f", UUID: "u", FileSize: 17, FileName: "a.pdf", Download_Flag: 2 },
    { file: { url: "https://example.org/f", name: "a.pdf", size: 17 } },
  ],
  [
    "TIMVideoFileElem",
    { ...VIDEO, ThumbUrl: COVER.url, ThumbSize: 70, ThumbWidth: 8, ThumbHeight: 6, ThumbFormat: "JPG" },
    { video: { url: VIDEO.VideoUrl, size: 900, durationMs: 3_000, format: "mp4", cover: COVER } },
  ],
  [
    "TIMVideoFileElem",
    { ...VIDEO, ThumbUrl: COVER.url, ThumbSize: 70 },
    { video: { url: VIDEO.VideoUrl, size: 900, durationMs: 3_000, format: "mp4", cover: null } },
  ],
  [
    "TIMCustomElem",
    { Data: "d", Desc: "shown", Ext: "e", Sound: "dingdong.aiff" },
    { custom: { data: "d", description: "shown", extension: "e" } },
  ],
  ["TIMCustomElem", { Data: "d", Desc: "", Ext: "" }, { custom: { data: "d", description: null, extension: null } }],
])("%s %o", (type, given, content) => {
  expect(contentOf(type, given)).toEqual(content);
});

test.each([
  ["TIMTextElem", {}, "TIMTextElem: Text"],
  ["TIMFaceElem", { Index: "x" }, "TIMFaceElem: Index"],
  ["TIMLocationElem", { Desc: "x", Latitude: 1 }, "TIMLocationElem: Longitude"],
  ["TIMImageElem", { ImageInfoArray: [] }, "must hold a picture"],
  ["TIMSoundElem", { UUID: "u", Size: 62, Second: 2 }, "TIMSoundElem: Url"],
  ["TIMFileElem", { Url: "", FileSize: 17, FileName: "a" }, "Url is empty"],
  ["TIMVideoFileElem", { VideoUrl: "https://example.org/v" }, "TIMVideoFileElem: VideoSize"],
  ["TIMRelayElem", { Title: "t" }, "TIMRelayElem is no kind of message here"],
  ["constructor", {}, "constructor is no kind of message here"],
])("%s %o is refused", (type, given, words) => {
  expect(contentOf(type, given)).toEqual({ wrong: expect.stringContaining(words) });
});

test("each element is a message with a key of its own, and what belongs to all is with the first", () => {
  const text = (Text: string) => ({ MsgType: "TIMTextElem", MsgContent: { Text } });
  const shared = { from: "alice", to: "bob", sentAt: "2025-11-26T14:00:00.000Z" };
  expect(read([text("a"), text("b")], { CloudCustomData: "c" })).toEqual({
    items: [
      {
        kind: "message",
        input: { ...shared, content: { text: { text: "a" } }, clientMessageId: KEY, customData: "c" },
      },
      {
        kind: "message",
        input: { ...shared, content: { text: { text: "b" } }, clientMessageId: `${KEY}:2`, customData: null },
      },
    ],
  });
  // Spelled in both ways.
  expect(read([text("a")], { MsgTimestamp: undefined, MsgTimeStamp: 1_764_165_600 })).toMatchObject({
    items: [{ input: { clientMessageId: KEY } }],
  });
  for (const more of [{ MsgTimestamp: undefined }, { MsgSeq: undefined }, { MsgBody: [] }, { To_Account: "a b" }]) {
    expect(read([text("a")], more)).toEqual({ wrong: expect.any(String) });
  }
});

test("a file is read by lines or in one, and its end must be there", () => {
  const message = JSON.stringify({
    From_Account: "alice",
    To_Account: "bob",
    MsgTimestamp: 1,
    MsgSeq: 1,
    MsgRandom: 1,
    MsgBody: [{ MsgType: "TIMTextElem", MsgContent: { Text: "x" } }],
  });
  const inOne = historyFormat();
  expect(inOne.line(`${BEGIN}${message}]}`)).toMatchObject({ items: [{ kind: "message" }] });
  expect(inOne.end()).toBeNull();
  const byLines = historyFormat();
  for (const line of [BEGIN, `${message},`, message, ""]) expect(byLines.line(line)).not.toHaveProperty("wrong");
  expect(byLines.end()).not.toBeNull();
  expect(byLines.line("] }")).toEqual({ passedOver: true });
  expect(byLines.end()).toBeNull();
  expect(historyFormat().line("hello")).toEqual({ wrong: expect.stringContaining("first line") });
  expect(historyFormat().line(BEGIN.replace("C2C", "Group"))).toEqual({ wrong: expect.stringContaining("Group") });
});
