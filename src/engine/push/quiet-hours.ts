/** Hours of the day in which a user wants to hear nothing. */
import { LRUCache } from "lru-cache";
import type { QuietHours } from "./model.ts";

export const MINUTES_OF_A_DAY = 1_440;

/** Making one takes longer than a thousand uses of it. */
const formats = new LRUCache<string, Intl.DateTimeFormat>({ max: 500 });

/** @throws RangeError where there is no such time zone */
function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const options = { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const format = new Intl.DateTimeFormat("en-GB", options);
  formats.set(timeZone, format);
  return format;
}

export function isTimeZone(timeZone: string): boolean {
  try {
    formatFor(timeZone);
    return true;
  } catch {
    return false;
  }
}

export function isQuiet({ from, to, timeZone }: QuietHours, now: number): boolean {
  const [hours = "0", minutes = "0"] = formatFor(timeZone).format(now).split(":");
  const minute = Number(hours) * 60 + Number(minutes);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
