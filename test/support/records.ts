/** Records as they are fetched: whole, or up to a line. */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import type { Data } from "./socket.ts";

export interface Fetched {
  readonly lines: readonly string[];
  readonly records: readonly Data[];
}

export function parseRecords(text: string): Fetched {
  const lines = text.split("\n").slice(0, -1);
  return { lines, records: lines.map((line) => JSON.parse(line)) };
}

/** Fetches a link of a server. @param url of its endpoint */
export async function fetchRecords(url: string, link: string, more = ""): Promise<Fetched> {
  const response = await fetch(new URL(`${link}${more}`, url));
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return parseRecords(gunzipSync(Buffer.from(await response.arrayBuffer())).toString());
}

/** As docs/records.md says it. */
export function sumOf(lines: readonly string[]): string {
  let sum = "";
  for (const line of lines) {
    sum = createHash("sha256")
      .update(sum + line)
      .digest("hex");
  }
  return sum;
}
