/** Instants as text. A page of history holds as many as messages, and the machine's own way takes as long as a query. */
const DAY_MS = 86_400_000;

let knownDay = Number.NaN;
let dayText = "";

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

function threeDigits(value: number): string {
  return value < 100 ? `0${twoDigits(value)}` : String(value);
}

/**
 * An instant as RFC 3339 text in UTC with milliseconds; as `Date` writes it, remembering the day.
 * @param ms milliseconds since 1970
 * @throws RangeError for what is no instant
 */
export function instantText(ms: number): string {
  const whole = Math.trunc(ms);
  const day = Math.floor(whole / DAY_MS);
  if (day !== knownDay) {
    dayText = new Date(whole).toISOString().slice(0, -"00:00:00.000Z".length);
    knownDay = day;
  }
  const inDay = whole - day * DAY_MS;
  const seconds = Math.floor(inDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  const time = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  return `${dayText}${time}.${threeDigits(inDay % 1_000)}Z`;
}

/** https://www.rfc-editor.org/rfc/rfc3339#section-5.6, with an offset, from the year 0 on. */
const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)$/;

/** The instant that a text of RFC 3339 names, to the millisecond, what is behind cut off; null for any other text. */
export function instantOf(text: string): number | null {
  const parts = RFC_3339.exec(text);
  if (parts === null) return null;
  const [, day = "", time = "", fraction = "", offset = ""] = parts;
  const ms = Date.parse(`${day}T${time}.${fraction.padEnd(3, "0").slice(0, 3)}${offset.toUpperCase()}`);
  if (Number.isNaN(ms)) return null;
  // The 30th of February is no day, although Date takes it for one in March.
  return new Date(`${day}T00:00:00.000Z`).toISOString().startsWith(day) ? ms : null;
}
