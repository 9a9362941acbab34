/** A message in one line, in the user's language: for the list of conversations, quotes and screen readers. */
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Message, MessageContent } from "../../client/index.ts";
import { nameOf } from "../shared/names.ts";

export type Summarise = (message: Pick<Message, "content" | "recalledAt">) => string;

export function useSummary(): Summarise {
  const { t } = useTranslation();
  return useCallback(
    ({ content, recalledAt }) => {
      if (content === null) return recalledAt === null ? "" : t("message.recalledShort");
      return summaryOf(
        content,
        (key) => t(key),
        (name, kind) => t(`notices.${kind}`, { name }),
      );
    },
    [t],
  );
}

type FriendNotice = "FRIEND_REQUESTED" | "FRIEND_ACCEPTED" | "FRIEND_REMOVED";
type KindKey = `kinds.${"face" | "location" | "image" | "sound" | "file" | "video" | "custom"}`;

function summaryOf(
  content: MessageContent,
  say: (key: KindKey) => string,
  sayNotice: (name: string, kind: FriendNotice) => string,
): string {
  switch (content.type) {
    case "TEXT":
      return content.text;
    case "FACE":
      return content.data ?? say("kinds.face");
    case "LOCATION":
      return `📍 ${content.name || say("kinds.location")}`;
    case "IMAGE":
      return `🖼️ ${say("kinds.image")}`;
    case "SOUND":
      return `🎤 ${say("kinds.sound")}`;
    case "FILE":
      return `📎 ${content.name}`;
    case "VIDEO":
      return `🎬 ${say("kinds.video")}`;
    case "CUSTOM":
      return content.description ?? say("kinds.custom");
    case "NOTICE": {
      const { kind, subject, title, body } = content;
      if (subject === null || kind === "BROADCAST" || kind === "CUSTOM") return title ?? body;
      return sayNotice(nameOf(subject), kind);
    }
    default:
      // Of a later server.
      return (content satisfies never as MessageContent).summary;
  }
}
