/** Text as vendors take it: cut where a reader would not mind. */
import type { Notification } from "../engine/push/channel.ts";

/** Characters of a title, where nothing but bytes are counted. */
const LONGEST_TITLE = 100;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** At most so many code points, cut between what a reader sees as characters, with an ellipsis where it was cut. */
export function cutToCharacters(text: string, most: number): string {
  if (text.length <= most || Array.from(text).length <= most) return text;
  let cut = "";
  let length = 0;
  for (const { segment } of graphemes.segment(text)) {
    length += Array.from(segment).length;
    if (length > most - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

const SEEN = /[^\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u;

/** Whether there is anything to see in a text. */
export function isSeen(text: string): boolean {
  return SEEN.test(text);
}

/** As services count that are written in Java: a character beyond the first 65,536 is two. */
export function cutToUnits(text: string, most: number): string {
  let cut = cutToCharacters(text, most);
  for (let characters = most; cut.length > most; ) {
    characters -= 1;
    cut = cutToCharacters(cut, characters);
  }
  return cut;
}

/** The first that is more than blanks: these services take no notification without text. */
export function shown(texts: readonly string[], most: number): string {
  return cutToUnits(texts.find((text) => isSeen(text)) ?? "…", most);
}

/** The longest beginning of the text with which what is built is small enough; null where none is. */
function cutBody(text: string, most: number, build: (body: string) => string): string | null {
  const isSmall = (built: string) => Buffer.byteLength(built) <= most;
  const whole = text.length <= most ? build(text) : null;
  if (whole !== null && isSmall(whole)) return whole;
  let fits: string | null = null;
  // Each character takes a byte or more.
  for (let [low, high] = [0, Math.min(text.length, most)]; low <= high; ) {
    const length = (low + high) >> 1;
    const built = build(length === 0 ? "" : cutToCharacters(text, length));
    if (isSmall(built)) {
      fits = built;
      low = length + 1;
    } else high = length - 1;
  }
  return fits;
}

/**
 * Shortens a notification until what is built of it is small enough: its body first; the app can ask for its data.
 * @param most bytes
 * @param build gives what is sent
 * @returns what is sent; null where it is too large all the same
 */
export function fitToBytes(
  notification: Notification,
  most: number,
  build: (notification: Notification) => string,
): string | null {
  const short = { ...notification, title: cutToCharacters(notification.title, LONGEST_TITLE) };
  const withBody = (data: string | null) => (body: string) => build({ ...short, body, data });
  const { body, data } = short;
  return cutBody(body, most, withBody(data)) ?? (data === null ? null : cutBody(body, most, withBody(null)));
}
