/** What a command has kept of an export: lines that follow one another, checked as they come and at their end. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, truncate } from "node:fs/promises";
import { z } from "zod";

const record = z.object({ type: z.string(), cursor: z.string().optional() });
const header = z.object({
  type: z.literal("header"),
  of: z.string(),
  user: z.string().optional(),
  users: z.array(z.string()).optional(),
  messages: z.number(),
});
const end = z.object({ type: z.literal("end"), lines: z.number(), sum: z.string() });

export type ExportWanted =
  | { readonly what: "user"; readonly user: string }
  | { readonly what: "conversation"; readonly user: string; readonly peer: string };

/** What the words of the command name; null where they name nothing. */
export function exportWanted([what, user, peer, ...more]: readonly string[]): ExportWanted | null {
  if (user === undefined || more.length > 0) return null;
  if (what === "conversation") return peer === undefined ? null : { what, user, peer };
  return what === "user" && peer === undefined ? { what, user } : null;
}

/** Where an export goes that nobody has said it for. */
export function fileFor(wanted: ExportWanted): string {
  return `${wanted.what === "user" ? wanted.user : `${wanted.user}-${wanted.peer}`}.jsonl.gz`;
}

/** What has been kept so far. */
export interface Kept {
  /** Bytes of whole lines. */
  bytes: number;
  lines: number;
  sum: string;
  /** Of the last line; null before the first. */
  cursor: string | null;
  messages: number;
  /** Messages that there may be, as the header says. */
  expected: number;
  complete: boolean;
}

function isOf(wanted: ExportWanted, { of, user, users }: z.infer<typeof header>): boolean {
  if (of !== wanted.what) return false;
  return wanted.what === "user" ? user === wanted.user : users?.[0] === wanted.user && users[1] === wanted.peer;
}

/** Takes a line in. @throws Error where it is not what follows */
export function take(kept: Kept, line: string, wanted: ExportWanted): void {
  const parsed = record.safeParse(JSON.parse(line));
  if (!parsed.success) throw new Error("What came is no export.");
  const { type, cursor } = parsed.data;
  if (kept.lines === 0) {
    const first = header.safeParse(JSON.parse(line));
    if (!first.success || !isOf(wanted, first.data)) throw new Error("What was begun is another export; remove it.");
    kept.expected = first.data.messages;
  }
  kept.bytes += Buffer.byteLength(line) + 1;
  if (type === "end") {
    const last = end.parse(JSON.parse(line));
    if (last.lines !== kept.lines || last.sum !== kept.sum) {
      throw new Error("The sum at the end is another one: what was kept is damaged. Remove it and begin anew.");
    }
    kept.complete = true;
    return;
  }
  kept.lines += 1;
  kept.sum = createHash("sha256")
    .update(kept.sum + line)
    .digest("hex");
  kept.cursor = cursor ?? null;
  if (type === "message") kept.messages += 1;
}

function nothing(): Kept {
  return { bytes: 0, lines: 0, sum: "", cursor: null, messages: 0, expected: 0, complete: false };
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** What an earlier command has kept, up to its last whole line; the rest is cut off. */
export async function keptIn(path: string, wanted: ExportWanted): Promise<Kept> {
  const kept = nothing();
  if (!(await isThere(path))) return kept;
  for await (const line of wholeLines(createReadStream(path))) {
    // A power cut leaves what was never written.
    if (!isJson(line)) break;
    take(kept, line, wanted);
  }
  await truncate(path, kept.bytes);
  return kept;
}

/** What is behind the last end of a line is not whole. */
export async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const chunk of chunks) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split("\n");
    begun = lines.pop() ?? "";
    yield* lines;
  }
}
