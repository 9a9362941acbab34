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
