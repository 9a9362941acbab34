/**
 * The hourly files of other systems' `get_history`: a line that begins the JSON of all, a line for each message with a
 * comma behind it, and a line that ends it. A message is made of elements; each becomes a message here.
 */
import { z } from "zod";
import { type Format, type Item, type LineReading, type MessageItem, parsed, userId, wrongOf } from "./item.ts";

type Content = MessageItem["input"]["content"];

const count = z.coerce.number().int().nonnegative();
const file = z.object({ ChatType: z.string(), MsgList: z.array(z.unknown()) });
const message = z
  .object({
    From_Account: userId,
    To_Account: userId,
    MsgTimestamp: count.optional(),
    MsgTimeStamp: count.optional(),
    MsgSeq: count,
    MsgRandom: count,
    MsgBody: z.array(z.object({ MsgType: z.string(), MsgContent: z.unknown() })).min(1, "must hold an element"),
    CloudCustomData: z.string().optional(),
  })
  .refine(({ MsgTimestamp, MsgTimeStamp }) => (MsgTimestamp ?? MsgTimeStamp) !== undefined, {
    message: "MsgTimestamp is missing",
  });

const url = z.string().min(1, "is empty: the file is named by nothing else that could be fetched");
const picture = z.object({ Type: z.number(), Size: count, Width: count, Height: count, URL: url });

const FORMATS: Readonly<Record<number, string>> = { 1: "jpeg", 2: "gif", 3: "png", 4: "bmp" };

/** What the name at the end of an address says; else `unknown`. */
function formatIn(address: string): string {
  return /\.([A-Za-z0-9]{2,8})(?:[?#]|$)/.exec(address)?.[1]?.toLowerCase() ?? "unknown";
}

/** An element that is read by its own rules. */
function element<T>(shape: z.ZodType<T>, toContent: (given: T) => Content) {
  return (given: unknown): Content | z.ZodError => {
    const read = shape.safeParse(given);
    return read.success ? toContent(read.data) : read.error;
  };
}

const ELEMENTS: Readonly<Record<string, (given: unknown) => Content | z.ZodError>> = {
  TIMTextElem: element(z.object({ Text: z.string() }), ({ Text }) => ({ text: { text: Text } })),
  TIMFaceElem: element(z.object({ Index: count, Data: z.string().optional() }), ({ Index, Data }) => ({
    face: { index: Index, data: Data },
  })),
  TIMLocationElem: element(
    z.object({ Desc: z.string().default(""), Latitude: z.number(), Longitude: z.number() }),
    ({ Desc, Latitude, Longitude }) => ({ location: { name: Desc, latitude: Latitude, longitude: Longitude } }),
  ),
  TIMImageElem: element(
    z.object({ ImageFormat: z.number().optional(), ImageInfoArray: z.array(picture).min(1, "must hold a picture") }),
    ({ ImageFormat, ImageInfoArray }) => {
      // The original; where it is not there, the largest.
      const [largest] = ImageInfoArray.toSorted(
        (a, b) => Number(b.Type === 1) - Number(a.Type === 1) || b.Size - a.Size,
      );
      const { URL: address = "", Width: width, Height: height, Size: size } = largest ?? {};
      return { image: { url: address, width, height, size, format: FORMATS[ImageFormat ?? 255] ?? formatIn(address) } };
    },
  ),
  TIMSoundElem: element(z.object({ Url: url, Size: count, Second: count }), ({ Url, Size, Second }) => ({
    sound: { url: Url, size: Size, durationMs: Second * 1_000 },
  })),
  TIMFileElem: element(
    z.object({ Url: url, FileSize: count, FileName: z.string() }),
    ({ Url, FileSize, FileName }) => ({ file: { url: Url, name: FileName, size: FileSize } }),
  ),
  TIMVideoFileElem: element(
    z.object({
      VideoUrl: url,
      VideoSize: count,
      VideoSecond: count,
      VideoFormat: z.string(),
      ThumbUrl: z.string().optional(),
      ThumbSize: count.default(0),
      ThumbWidth: count.default(0),
      ThumbHeight: count.default(0),
    }),
    ({ VideoUrl, VideoSize, VideoSecond, VideoFormat, ThumbUrl, ThumbSize, ThumbWidth, ThumbHeight }) => {
      // A cover that says too little of itself is left out rather than the video.
      const isWhole = ThumbUrl !== undefined && ThumbUrl !== "" && ThumbSize > 0 && ThumbWidth > 0 && ThumbHeight > 0;
      const cover = isWhole ? { url: ThumbUrl, width: ThumbWidth, height: ThumbHeight, size: ThumbSize } : null;
      const format = VideoFormat.toLowerCase();
      return { video: { url: VideoUrl, size: VideoSize, durationMs: VideoSecond * 1_000, format, cover } };
    },
  ),
  TIMCustomElem: element(
    z.object({ Data: z.string().default(""), Desc: z.string().optional(), Ext: z.string().optional() }),
    ({ Data, Desc, Ext }) => ({ custom: { data: Data, description: Desc || null, extension: Ext || null } }),
  ),
};

function messagesOf(record: unknown): LineReading {
  const read = message.safeParse(record);
  if (!read.success) return wrongOf(read.error);
  const { From_Account: from, To_Account: to, MsgSeq, MsgRandom, MsgBody, CloudCustomData } = read.data;
  const seconds = read.data.MsgTimestamp ?? read.data.MsgTimeStamp ?? 0;
  const key = `history:${MsgSeq}:${MsgRandom}:${seconds}`;
  const items: Item[] = [];
  for (const [index, { MsgType, MsgContent }] of MsgBody.entries()) {
    const toContent = Object.hasOwn(ELEMENTS, MsgType) ? ELEMENTS[MsgType] : undefined;
    if (toContent === undefined) return { wrong: `${MsgType} is no kind of message here` };
    const content = toContent(MsgContent);
    if (content instanceof z.ZodError) return { wrong: `${MsgType}: ${wrongOf(content).wrong}` };
    items.push({
      kind: "message",
      input: {
        from,
        to,
        content,
        sentAt: new Date(seconds * 1_000).toISOString(),
        clientMessageId: index === 0 ? key : `${key}:${index + 1}`,
        // It belongs to all of it; the first stands for that.
        customData: index === 0 ? CloudCustomData || null : null,
      },
    });
  }
  return { items };
}

export function historyFormat(): Format {
  let begun = false;
  let ended = false;

  /** The first line: all but the messages, or all that there is. */
  function beginning(text: string): LineReading {
    const isWhole = parsed(text) !== undefined;
    const read = file.safeParse(isWhole ? parsed(text) : parsed(`${text}]}`));
    if (!read.success) return { wrong: "it is not the first line of a file of get_history" };
    begun = true;
    ended = isWhole;
    if (read.data.ChatType !== "C2C")
      return { wrong: `its ChatType is ${read.data.ChatType}; only C2C can be imported` };
    const items: Item[] = [];
    for (const one of read.data.MsgList) {
      const reading = messagesOf(one);
      if (!("items" in reading)) return reading;
      items.push(...reading.items);
    }
    return items.length === 0 ? { passedOver: true } : { items };
  }

  return {
    line(text) {
      const trimmed = text.trim();
      if (trimmed === "") return { passedOver: true };
      if (!begun) return beginning(trimmed);
      if (/^\]\s*\}$/.test(trimmed)) {
        ended = true;
        return { passedOver: true };
      }
      const record = parsed(trimmed.replace(/,$/, ""));
      return record === undefined ? { wrong: "it is no JSON" } : messagesOf(record);
    },
    end: () => (ended ? null : "it has no last line: the file is cut off"),
  };
}
