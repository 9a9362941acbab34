/** `parley export`: has the running server export a user or a conversation, into a file that is complete when it is there. */
import { createReadStream, createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline as piped, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { ApiRefusal, ask, type RunningApi, Unreachable } from "./api.ts";
import { createPatience } from "./patience.ts";
import { counted, createProgress, type Terminal } from "./progress.ts";
import { type ExportWanted, isThere, type Kept, keptIn, take, wholeLines } from "./records/kept-export.ts";

export { exportWanted, fileFor } from "./records/kept-export.ts";

const link = z.object({ url: z.string() }).nullable();
export interface ExportOptions extends RunningApi {
  readonly wanted: ExportWanted;
  /** Where to; gzip where the name ends in .gz. */
  readonly out: string;
  readonly terminal: Terminal;
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
