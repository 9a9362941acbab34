/** Parts of notifications as several vendors take them. */
import type { Notification } from "../engine/push/channel.ts";
import { cutToCharacters, isSeen } from "./text.ts";

/** Bytes of a notification, without its token. */
export const MOST_BYTES = 4_096;
export const MOST_BADGE = 99;
const MOST_TTL_SECONDS = 15 * 86_400;
const LONGEST_SENDER = 40;

/** Some services take no notification without text. */
export function textOf(text: string, sender: string): string {
  return [text, cutToCharacters(sender, LONGEST_SENDER)].find(isSeen) ?? "…";
}

/** What the app gets of a notification. */
export function appDataOf({ messageId, peerId, data }: Notification): Record<string, string> {
  return { messageId, peerId, ...(data === null ? {} : { data }) };
}

export function secondsLeft(expiresAt: number, now: number, most = MOST_TTL_SECONDS): number {
  return Math.min(most, Math.max(1, Math.floor((expiresAt - now) / 1_000)));
}
