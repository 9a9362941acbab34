/**
 * How texts are cut for the index. Scripts without spaces, and Korean, where words grow at both ends, are cut into single
 * characters and pairs, so that any part is found; of other scripts, which have many more letters to a word, any three
 * letters in a row, and the one or two that a word begins with. SQLite's own trigrams find no Chinese or Korean word of
 * two characters, which most are.
 */

const DENSE = /^[\p{sc=Han}\p{sc=Hangul}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}ー々〆]$/u;
/** Runs of what words are made of, signs such as emoji among them, but not what the tokenizer takes for a space. */
const WORD = /(?:[\p{L}\p{N}\p{M}]|(?![\0-\u007f])\p{S})+/gu;
/** Before the beginning of a word, and before what is no word. Neither is part of a word, nor a space to the tokenizer. */
const START = "·";
const LABEL = "¶";
/** Of one query: more make it no more exact. */
const MOST_GRAMS = 40;

type Run = { readonly dense: boolean; readonly letters: string[] };

/** The runs of a text that are cut alike. */
function runsOf(text: string): Run[] {
  const runs: Run[] = [];
  for (const [word] of text.matchAll(WORD)) {
    let run: Run | null = null;
    for (const letter of word) {
      const dense = DENSE.test(letter);
      if (run === null || run.dense !== dense) {
        run = { dense, letters: [] };
        runs.push(run);
      }
      run.letters.push(letter);
    }
  }
  return runs;
}

function windows(letters: readonly string[], width: number): string[] {
  const cuts: string[] = [];
  for (let at = 0; at + width <= letters.length; at += 1) cuts.push(letters.slice(at, at + width).join(""));
  return cuts;
}

function starts(letters: readonly string[]): string[] {
  return [1, 2].filter((width) => width <= letters.length).map((width) => START + letters.slice(0, width).join(""));
}

/** All that a text can be found by. */
export function gramsOf(text: string): Set<string> {
  const grams = new Set<string>();
  for (const { dense, letters } of runsOf(text)) {
    const cuts = dense ? [...letters, ...windows(letters, 2)] : [...starts(letters), ...windows(letters, 3)];
    for (const cut of cuts) grams.add(cut);
  }
  return grams;
}

/** What a text that holds this word can be found by; nothing where it is made of signs alone. */
export function gramsFor(word: string): string[] {
  const cuts = runsOf(word).flatMap(({ dense, letters }) => {
    const { length } = letters;
    if (dense) return length === 1 ? letters : windows(letters, 2);
    return length < 3 ? [START + letters.join("")] : windows(letters, 3);
  });
  return [...new Set(cuts)].slice(0, MOST_GRAMS);
}

/** A gram for what is no word: whose, of which type. Its value may be any text. */
export function labelOf(name: string, value: string): string {
  return `${LABEL}${name}${Buffer.from(value).toString("hex")}`;
}
