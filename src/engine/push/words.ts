/** What notifications say by themselves, in the languages that there are words for. */
import type { Content } from "../content.ts";
import { unreachable } from "../errors.ts";

interface Words {
  readonly face: string;
  readonly location: string;
  readonly image: string;
  readonly sound: string;
  readonly file: string;
  readonly video: string;
  readonly custom: string;
  /** Title of what the system says, and of what does not say who has written. */
  readonly notice: string;
  readonly newMessage: string;
  readonly test: string;
}

const ENGLISH: Words = {
  face: "[Sticker]",
  location: "[Location]",
  image: "[Photo]",
  sound: "[Voice message]",
  file: "[File]",
  video: "[Video]",
  custom: "[Message]",
  notice: "Notice",
  newMessage: "You have a new message",
  test: "This is a test.",
};

/** By language, and by language and script where that matters. */
const WORDS: Readonly<Record<string, Words>> = {
  en: ENGLISH,
  ko: {
    face: "[스티커]",
    location: "[위치]",
    image: "[사진]",
    sound: "[음성 메시지]",
    file: "[파일]",
    video: "[동영상]",
    custom: "[메시지]",
    notice: "알림",
    newMessage: "새 메시지가 있습니다",
    test: "테스트입니다.",
  },
  zh: {
    face: "[表情]",
    location: "[位置]",
    image: "[图片]",
    sound: "[语音]",
    file: "[文件]",
    video: "[视频]",
    custom: "[消息]",
    notice: "通知",
    newMessage: "您有一条新消息",
    test: "这是一条测试消息。",
  },
  "zh-Hant": {
    face: "[貼圖]",
    location: "[位置]",
    image: "[圖片]",
    sound: "[語音]",
    file: "[檔案]",
    video: "[影片]",
    custom: "[訊息]",
    notice: "通知",
    newMessage: "您有一則新訊息",
    test: "這是一則測試訊息。",
  },
  ja: {
    face: "[スタンプ]",
    location: "[位置情報]",
    image: "[写真]",
    sound: "[ボイスメッセージ]",
    file: "[ファイル]",
    video: "[動画]",
    custom: "[メッセージ]",
    notice: "お知らせ",
    newMessage: "新しいメッセージがあります",
    test: "テストです。",
  },
};

/** @param tag of BCP 47; null, or one of a language without words: English */
export function wordsFor(tag: string | null): Words {
  if (tag === null) return ENGLISH;
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return WORDS[`${language}-${script}`] ?? WORDS[language] ?? ENGLISH;
  } catch {
    return ENGLISH;
  }
}

function length(durationMs: number): string {
  const seconds = Math.max(1, Math.round(durationMs / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** The content in a few words, with whatever characters it holds. */
export function describe(content: Content, words: Words): string {
  switch (content.type) {
    case "TEXT":
      return content.text;
    case "FACE":
      return words.face;
    case "LOCATION":
      return `${words.location} ${content.name}`;
    case "IMAGE":
      return words.image;
    case "SOUND":
      return `${words.sound} ${length(content.durationMs)}`;
    case "FILE":
      return `${words.file} ${content.name}`;
    case "VIDEO":
      return words.video;
    case "CUSTOM":
      return content.description ?? words.custom;
    case "NOTICE":
      return content.body;
    default:
      return unreachable(content);
  }
}
