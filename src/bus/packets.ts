/** News as texts: as many together as there are, and what is too long for one in parts. */
import type { News } from "../engine/cluster/bus.ts";

export interface Packet {
  /** Of which server. */
  readonly from: string;
  readonly news: readonly News[];
}

/** A piece of a packet that was too long. */
interface Part {
  readonly from: string;
  readonly of: string;
  readonly index: number;
  readonly count: number;
  readonly text: string;
}

/** What else a part says of itself, in bytes at most. */
const HEADER = 200;
/** Packets of which parts are waited for; of an older one the rest was lost. */
const MOST_OPEN = 100;
/** Of one packet; many times what a message needs. */
const MOST_PARTS = 10_000;
/** Ids in one packet, at most. */
const IDS = 100;

/** Cuts a text so that no piece has more bytes than this once it stands in JSON in another one. */
function pieces(text: string, bytes: number): string[] {
  // One UTF-16 unit has at most three bytes, or six where it is escaped.
  const size = Math.max(1, Math.floor(bytes / 6));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) =>
    text.slice(index * size, (index + 1) * size),
  );
}

let packets = 0;

/** @param longest bytes of a text */
export function textsOf(packet: Packet, longest: number): string[] {
  const whole = JSON.stringify(packet);
  if (Buffer.byteLength(whole) <= longest) return [whole];
  if (packet.news.length > 1) {
    const middle = Math.ceil(packet.news.length / 2);
    const halves = [packet.news.slice(0, middle), packet.news.slice(middle)];
    return halves.flatMap((news) => textsOf({ ...packet, news }, longest));
  }
  packets += 1;
  const of = String(packets);
  const texts = pieces(whole, longest - HEADER);
  return texts.map((text, index) =>
    JSON.stringify({ from: packet.from, of, index, count: texts.length, text } satisfies Part),
  );
}

/** Puts packets together. */
export class Unpacker {
  readonly #open = new Map<string, (string | undefined)[]>();

  /** The packet that this text completes; null where it does not. What is no packet is none. */
  packetIn(text: string): Packet | null {
    let said: Packet | Part | null;
    try {
      said = JSON.parse(text) as Packet | Part | null;
    } catch {
      return null;
    }
    // Anybody who may use the database can tell its servers something.
    if (typeof said !== "object" || said === null) return null;
    if ("news" in said) return Array.isArray(said.news) ? said : null;
    if (!("text" in said) || !(said.count > 0 && said.count <= MOST_PARTS)) return null;
    const key = `${said.from} ${said.of}`;
    const parts = this.#open.get(key) ?? Array.from<string | undefined>({ length: said.count });
    parts[said.index] = said.text;
    if (parts.includes(undefined)) {
      this.#open.set(key, parts);
      const [oldest] = this.#open.keys();
      if (this.#open.size > MOST_OPEN && oldest !== undefined) this.#open.delete(oldest);
      return null;
    }
    this.#open.delete(key);
    return this.packetIn(parts.join(""));
  }
}

/** News that wait to be told: ids once, however often they are named. */
export class Waiting {
  readonly #logs = new Set<string>();
  readonly #standings = new Set<string>();
  readonly #others: News[] = [];
  readonly #most: number;

  /** @param most news that are stored nowhere, and are dropped where there are more */
  constructor(most: number) {
    this.#most = most;
  }

  add(news: News): void {
    if (news.kind === "logs") for (const id of news.ids) this.#logs.add(id);
    else if (news.kind === "standings") for (const id of news.ids) this.#standings.add(id);
    else if (this.#others.length < this.#most) this.#others.push(news);
  }

  get isEmpty(): boolean {
    return this.#logs.size + this.#standings.size + this.#others.length === 0;
  }

  /** Takes all out. */
  take(): News[] {
    const some = (ids: Set<string>, kind: "logs" | "standings"): News[] => {
      const all = [...ids];
      ids.clear();
      return Array.from({ length: Math.ceil(all.length / IDS) }, (_, index) => ({
        kind,
        ids: all.slice(index * IDS, (index + 1) * IDS),
      }));
    };
    return [...some(this.#standings, "standings"), ...some(this.#logs, "logs"), ...this.#others.splice(0)];
  }
}
