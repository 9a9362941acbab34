/** `parley export`: has the running server export a user or a conversation, into a file that is complete when it is there. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { access, open, rename, rm, truncate } from "node:fs/promises";
import { pipeline as piped, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { ApiRefusal, ask, type RunningApi, Unreachable } from "./api.ts";
import { createPatience } from "./patience.ts";
import { counted, createProgress } from "./progress.ts";

const link = z.object({ url: z.string() }).nullable();
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

export interface ExportOptions extends RunningApi {
  readonly wanted: ExportWanted;
  /** Where to; gzip where the name ends in .gz. */
  readonly out: string;
  readonly terminal: NodeJS.WriteStream;
}

async function linkTo(api: RunningApi, wanted: ExportWanted): Promise<URL> {
  const found =
    wanted.what === "user"
      ? (
          await ask(
            api,
            "query Link($of: ID!) { exportUser(of: $of) { url } }",
            { of: wanted.user },
            z.object({ exportUser: link }),
          )
        ).exportUser
      : (
          await ask(
            api,
            "query Link($user: ID!, $peer: ID!) { exportConversation(user: $user, peer: $peer) { url } }",
            { user: wanted.user, peer: wanted.peer },
            z.object({ exportConversation: link }),
          )
        ).exportConversation;
  if (found === null) {
    throw new ApiRefusal(
      wanted.what === "user"
        ? `There is no user ${wanted.user}.`
        : `${wanted.user} and ${wanted.peer} have no conversation.`,
      null,
    );
  }
  // Whatever name others know the server by: it is asked where it was asked for the link.
  const { pathname, search } = new URL(found.url, api.url);
  return new URL(`${pathname}${search}`, api.url);
}

/** What has been kept so far. */
interface Kept {
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
function take(kept: Kept, line: string, wanted: ExportWanted): void {
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

async function isThere(path: string): Promise<boolean> {
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
async function keptIn(path: string, wanted: ExportWanted): Promise<Kept> {
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

/** Fetches what follows what is kept. @throws Unreachable where that breaks off */
async function fetchRest(
  { wanted, ...api }: ExportOptions,
  part: string,
  kept: Kept,
  linked: () => void,
  progress: () => void,
): Promise<void> {
  const url = await linkTo(api, wanted);
  linked();
  if (kept.cursor !== null) {
    url.searchParams.set("after", kept.cursor);
    url.searchParams.set("lines", String(kept.lines));
    url.searchParams.set("sum", kept.sum);
  }
  const response = await fetch(url).catch((error: unknown) => {
    throw new Unreachable(`No server answers on ${api.url}.`, { cause: error });
  });
  if (response.status >= 500) throw new Unreachable(await response.text());
  if (!response.ok || response.body === null) throw new ApiRefusal(await response.text(), null);
  const body = Readable.from(untilCut(Readable.fromWeb(response.body as ReadableStream)));
  const text = wholeLines(piped(body, createGunzip(), () => {}));
  async function* taken(): AsyncGenerator<string, void, void> {
    for await (const line of text) {
      take(kept, line, wanted);
      progress();
      yield `${line}\n`;
    }
  }
  try {
    await pipeline(Readable.from(taken(), { highWaterMark: 64 }), createWriteStream(part, { flags: "a", mode: 0o600 }));
  } catch (error) {
    if (!isBroken(error)) throw error;
    throw new Unreachable("The server broke off.", { cause: error });
  }
  if (!kept.complete) throw new Unreachable("The server broke off.");
}

/** All that has come, so that what can be unpacked of it is; the unpacking then finds that more is missing. */
async function* untilCut(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* chunks;
  } catch (error) {
    if (!isBroken(error)) throw error;
  }
}

/** What is behind the last end of a line is not whole. */
async function* wholeLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder();
  let begun = "";
  for await (const chunk of chunks) {
    const lines = (begun + decoder.decode(chunk, { stream: true })).split("\n");
    begun = lines.pop() ?? "";
    yield* lines;
  }
}

/** The connection was cut, or the server ended: what the disk or a line has to say is another matter. */
function isBroken(error: unknown): boolean {
  if (error instanceof TypeError) return true;
  return error instanceof Error && "code" in error && /^(Z_|UND_|ECONN|ERR_STREAM)/.test(String(error.code));
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts what is complete under its name. */
async function finish(part: string, out: string): Promise<void> {
  if (!out.endsWith(".gz")) {
    await sync(part);
    await rename(part, out);
    return;
  }
  const packed = `${out}.packing`;
  await pipeline(createReadStream(part), createGzip(), createWriteStream(packed, { mode: 0o600, flush: true }));
  await rename(packed, out);
  await rm(part);
}

/**
 * Exports into a file. What is cut off is gone on with, by this command or by the next one of the same.
 * @returns a line that says what is there
 * @throws Error with what is wrong
 */
export async function exportRecords(options: ExportOptions): Promise<string> {
  const { out, wanted, terminal } = options;
  if (await isThere(out)) throw new Error(`${out} is there already.`);
  const part = `${out}.part`;
  const patience = createPatience();
  let kept = await keptIn(part, wanted);
  const progress = createProgress(terminal, () => kept.expected);
  while (!kept.complete) {
    try {
      await fetchRest(options, part, kept, patience.answered, () => {
        patience.progress();
        progress.show(kept.messages, `${counted(kept.messages)} of ${counted(kept.expected)} messages`);
      });
    } catch (error) {
      progress.clear();
      kept = await keptIn(part, wanted);
      await patience.after(error);
    }
  }
  progress.clear();
  await finish(part, out);
  return `${out}: ${counted(kept.messages)} messages, ${counted(kept.lines)} lines, complete`;
}
