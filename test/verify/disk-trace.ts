/**
 * What a process did to the files of a folder, and what it answered meanwhile, as `strace` saw it; and the disk that
 * it did it to, so that the power can be cut at any step.
 */
import { execFileSync } from "node:child_process";
import { createReadStream, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";

export type Step =
  | { readonly kind: "open"; readonly name: string }
  | { readonly kind: "write"; readonly name: string; readonly at: number; readonly data: Buffer }
  | { readonly kind: "truncate"; readonly name: string; readonly size: number }
  | { readonly kind: "unlink"; readonly name: string }
  | { readonly kind: "sync"; readonly name: string }
  | { readonly kind: "sync folder" }
  /** Something was written to a socket. */
  | { readonly kind: "answer"; readonly text: string };

/** Why nothing can be traced here; null where it can. */
export function noTracer(): string | null {
  if (process.platform !== "linux") return "there is strace on Linux only";
  try {
    execFileSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" });
    return null;
  } catch {
    return "strace is not installed, or may not trace here";
  }
}

/** Runs a command under `strace`, which stands aside: the process that is started is the command. */
export function traced(into: string): (command: readonly string[]) => readonly string[] {
  const calls = "trace=openat,pwrite64,write,writev,sendmsg,sendto,fsync,fdatasync,ftruncate,unlink";
  const options = ["-D", "-f", "-ff", "--seccomp-bpf", "-y", "-xx", "-s", "1000000", "-e", calls, "-o", into];
  return (command) => ["strace", ...options, ...command];
}

const ESCAPED = /(?:\\x[0-9a-f]{2})+/g;

function bytes(escaped: string): Buffer {
  return Buffer.from(escaped.replaceAll("\\x", ""), "hex");
}

/** A call on an open file: its path, and what follows. */
const ON_FILE = /^(\w+)\(\d+<((?:\\x[0-9a-f]{2})+)>(.*)\)\s+= (\d+)$/;
const OPEN = /^openat\(.*?, "((?:\\x[0-9a-f]{2})+)", ([A-Z_|]+).*\)\s+= \d+<.*>$/;
const UNLINK = /^unlink\("((?:\\x[0-9a-f]{2})+)"\)\s+= 0$/;
const SOCKET = /^(?:socket|TCP|UNIX)/;

function stepOf(line: string, folder: string): Step | null {
  const inside = (path: string) => (dirname(path) === folder ? basename(path) : null);
  const opened = OPEN.exec(line);
  if (opened !== null) {
    const name = inside(bytes(opened[1] ?? "").toString());
    return name === null || !opened[2]?.includes("O_CREAT") ? null : { kind: "open", name };
  }
  const unlinked = UNLINK.exec(line);
  if (unlinked !== null) {
    const name = inside(bytes(unlinked[1] ?? "").toString());
    return name === null ? null : { kind: "unlink", name };
  }
  const [, call, escapedPath = "", rest = "", result] = ON_FILE.exec(line) ?? [];
  if (call === undefined) return null;
  const path = bytes(escapedPath).toString();
  if (SOCKET.test(path)) {
    const text = (rest.match(ESCAPED) ?? []).map((part) => bytes(part).toString()).join("");
    return { kind: "answer", text };
  }
  const name = inside(path);
  switch (call) {
    case "fsync":
    case "fdatasync":
      if (path === folder) return { kind: "sync folder" };
      return name === null ? null : { kind: "sync", name };
    case "ftruncate":
      return name === null ? null : { kind: "truncate", name, size: Number(/\d+$/.exec(rest)?.[0]) };
    case "pwrite64": {
      if (name === null) return null;
      const data = bytes(ESCAPED.exec(rest)?.[0] ?? "");
      ESCAPED.lastIndex = 0;
      return { kind: "write", name, at: Number(/\d+$/.exec(rest)?.[0]), data: data.subarray(0, Number(result)) };
    }
    default:
      if (name !== null) throw new Error(`${name} is written in a way that is not followed: ${call}`);
      return null;
  }
}

/**
 * Reads what `traced` has written. The store works in the main thread alone, and so does what answers: the steps are
 * those of the thread that wrote most, and their order is theirs.
 */
export async function readTrace(into: string, folder: string): Promise<Step[]> {
  const files = readdirSync(dirname(into)).filter((name) => name.startsWith(`${basename(into)}.`));
  const paths = files.map((name) => join(dirname(into), name)).sort((a, b) => statSync(b).size - statSync(a).size);
  const steps: Step[] = [];
  for await (const line of createInterface({ input: createReadStream(paths[0] ?? "") })) {
    const step = stepOf(line, folder);
    if (step !== null) steps.push(step);
  }
  return steps;
}

type Change = Extract<Step, { kind: "write" | "truncate" }>;

interface File {
  durable: Buffer;
  /** Written, and not synced since. */
  pending: Change[];
}

/** How much of what was not synced is on the disk after a power cut. */
export type Luck = "nothing" | "everything" | "some";

/** What a disk writes at once: a write may be cut at these places. */
const SECTOR = 512;
const PAGE = 4_096;

/** The content of a file after some changes, in their order. */
function applied(content: Buffer, changes: readonly Change[]): Buffer {
  if (changes.length === 0) return content;
  const ends = changes.map((change) => (change.kind === "truncate" ? change.size : change.at + change.data.length));
  const room = Buffer.alloc(ends.reduce((most, end) => Math.max(most, end), content.length));
  content.copy(room);
  let size = content.length;
  for (const change of changes) {
    if (change.kind === "write") {
      change.data.copy(room, change.at);
      size = Math.max(size, change.at + change.data.length);
    } else {
      room.fill(0, Math.min(change.size, size), Math.max(change.size, size));
      size = change.size;
    }
  }
  return room.subarray(0, size);
}

/** The parts of a write that reach the disk: each sector, or each page, on its own. */
function torn(change: Change): Change[] {
  if (change.kind === "truncate") return Math.random() < 0.5 ? [change] : [];
  const unit = Math.random() < 0.5 ? SECTOR : PAGE;
  const parts: Change[] = [];
  const { name, at, data } = change;
  for (let from = 0; from < data.length; ) {
    const to = Math.min(data.length, (Math.floor((at + from) / unit) + 1) * unit - at);
    if (Math.random() < 0.5) parts.push({ kind: "write", name, at: at + from, data: data.subarray(from, to) });
    from = to;
  }
  return parts;
}

/**
 * A disk under a file system that keeps what POSIX asks for, and little more. What is written to a file is durable when
 * that file is synced; until then any part of it may be there or not, in any order, sector by sector. A new name is
 * durable when its file or the folder is synced (as on ext4, XFS and btrfs), one that was removed when the folder is;
 * until then names change in the order in which they were changed.
 */
export class Disk {
  readonly #durable = new Map<string, File>();
  readonly #now = new Map<string, File>();
  #renamed: { readonly name: string; readonly file: File | null }[] = [];

  take(step: Step): void {
    switch (step.kind) {
      case "open":
        if (!this.#now.has(step.name)) this.#name(step.name, { durable: Buffer.alloc(0), pending: [] });
        return;
      case "unlink":
        this.#name(step.name, null);
        return;
      case "write":
      case "truncate":
        this.#now.get(step.name)?.pending.push(step);
        return;
      case "sync": {
        const file = this.#now.get(step.name);
        if (file === undefined) return;
        file.durable = applied(file.durable, file.pending);
        file.pending = [];
        this.#durable.set(step.name, file);
        this.#renamed = this.#renamed.filter(({ name }) => name !== step.name);
        return;
      }
      case "sync folder":
        for (const change of this.#renamed) rename(this.#durable, change);
        this.#renamed = [];
        return;
      case "answer":
        return;
      default:
        step satisfies never;
    }
  }

  #name(name: string, file: File | null): void {
    rename(this.#now, { name, file });
    this.#renamed.push({ name, file });
  }

  /** The files that a power cut at this moment may leave. */
  image(luck: Luck): Map<string, Buffer> {
    const names = new Map(this.#durable);
    const chance = { nothing: 0, everything: 1, some: Math.random() }[luck];
    for (const change of this.#renamed.slice(0, Math.round(this.#renamed.length * chance))) rename(names, change);
    return new Map([...names].map(([name, { durable, pending }]) => [name, contentOf(durable, pending, luck)]));
  }
}

function rename(names: Map<string, File>, { name, file }: { name: string; file: File | null }): void {
  if (file === null) names.delete(name);
  else names.set(name, file);
}

function contentOf(durable: Buffer, pending: readonly Change[], luck: Luck): Buffer {
  if (luck === "nothing") return durable;
  const changes = luck === "everything" ? pending : pending.flatMap(torn);
  return applied(durable, changes);
}
