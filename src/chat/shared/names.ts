/** What people are called. */
interface Named {
  readonly id: string;
  readonly nickname: string | null;
}

export function nameOf({ id, nickname }: Named): string {
  return nickname?.trim() || id;
}

/** One or two letters for a picture that is not there: of the first and the last word, or one character of CJK. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._@-]+/).filter((word) => word !== "");
  const firsts = words.map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? "");
  const [first = "?"] = firsts;
  const last = firsts.length > 1 ? (firsts.at(-1) ?? "") : "";
  return /\p{Script=Han}|\p{Script=Hangul}|\p{Extended_Pictographic}/u.test(first)
    ? first
    : (first + last).toUpperCase();
}

const COLOURS = 10;

/** The same number for the same id, always: which of the colours is theirs. */
export function colourOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) >>> 0;
  return hash % COLOURS;
}
