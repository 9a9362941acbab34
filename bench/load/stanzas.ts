/** Cuts what an XMPP server sends into elements, by searching: no XML is parsed. */

/** The only domain of the servers that the bench starts. */
export const DOMAIN = "localhost";

const NAME_ENDS = /[\s/>]/g;
const OPENING = "<stream:stream";

/** Where the element that begins here ends; -1 where it is not all there. */
function endOf(data: string, start: number): number {
  const tagEnd = data.indexOf(">", start);
  if (tagEnd < 0) return -1;
  const second = data[start + 1];
  const isWhole = data[tagEnd - 1] === "/" || second === "?" || second === "/" || data.startsWith(OPENING, start);
  if (isWhole) return tagEnd + 1;
  NAME_ENDS.lastIndex = start;
  const name = data.slice(start + 1, NAME_ENDS.exec(data)?.index);
  const closing = `</${name}>`;
  let end = data.indexOf(closing, tagEnd);
  if (end < 0) return -1;
  // A message from the archive holds another message, the only element here that holds one of its name.
  const inner = data.indexOf("<forwarded", tagEnd);
  if (inner >= 0 && inner < end) {
    const innerEnd = data.indexOf("</forwarded>", inner);
    end = innerEnd < 0 ? -1 : data.indexOf(closing, innerEnd);
    if (end < 0) return -1;
  }
  return end + closing.length;
}

/** Calls back with each element of a stream as soon as all of it has come. */
export class StanzaReader {
  readonly #onElement: (element: string) => void;
  #rest = "";

  constructor(onElement: (element: string) => void) {
    this.#onElement = onElement;
  }

  take(chunk: string): void {
    const data = this.#rest === "" ? chunk : this.#rest + chunk;
    let position = 0;
    for (;;) {
      const start = data.indexOf("<", position);
      if (start < 0) {
        this.#rest = "";
        return;
      }
      const end = endOf(data, start);
      if (end < 0) {
        this.#rest = data.slice(start);
        return;
      }
      position = end;
      this.#onElement(data.slice(start, end));
    }
  }
}

/** The value of an attribute of the element's own tag, whichever quotes it is in; null where there is none. */
export function attributeOf(element: string, name: string): string | null {
  const tag = element.slice(0, element.indexOf(">"));
  return new RegExp(` ${name}=['"]([^'"]*)`).exec(tag)?.[1] ?? null;
}

/** The text of the first element of this name; null where there is none. */
export function textIn(element: string, name: string): string | null {
  const start = element.indexOf(`<${name}`);
  if (start < 0) return null;
  const textStart = element.indexOf(">", start) + 1;
  const end = element.indexOf(`</${name}>`, textStart);
  return end < 0 ? null : element.slice(textStart, end);
}
