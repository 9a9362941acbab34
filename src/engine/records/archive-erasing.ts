/**
 * Who is erased goes from the archives, too. Each file says up to which erasure it has been through, so that a stop between
 * is made up for; one in which the person wrote is written anew, and takes the place of the other at once.
 */
import { nextTurn } from "../clock.ts";
import type { Core } from "../core.ts";
import type { UserId } from "../model.ts";
import type { Archive, ArchiveFiles } from "./archive-files.ts";
import { instant, lineOf, sumWith } from "./lines.ts";

/** More than there are between two looks. */
const MOST_ERASURES = 10_000;
/** Lines between two turns of others. */
const PAGE = 100;

/** What is left of a message: that it was there. */
interface ArchivedMessage {
  readonly type: string;
  readonly from: UserId;
  readonly recalledAt?: string;
  readonly content?: { readonly notice?: { readonly subject?: string } };
  readonly [more: string]: unknown;
}
const LEFT = ["type", "id", "seq", "from", "to", "sentAt", "read", "hidden", "imported"] as const;

export function createArchiveErasing(core: Core, files: ArchiveFiles, isClosed: () => boolean) {
  const { store, clock } = core;
  /** All files have been through this one and those before it. */
  let applied = 0;

  /** Erasures that are done, behind a number, up to the last before one that is not. */
  async function doneBehind(behind: number): Promise<{ upTo: number; userIds: readonly UserId[] }> {
    const all = await store.erasures(MOST_ERASURES);
    const running = all.filter(({ finishedAt }) => finishedAt === null).map(({ id }) => id);
    const upTo = Math.min(Math.max(0, ...all.map(({ id }) => id)), ...running.map((id) => id - 1));
    const done = all.filter(({ id }) => id > behind && id <= upTo);
    return { upTo, userIds: [...new Set(done.map(({ userId }) => userId))] };
  }

  /** The message of a line, where one of these people wrote it, or it is a notice about one; null for any other line. */
  function messageOf(people: readonly UserId[], line: string): ArchivedMessage | null {
    // What names none of them is not read, which would take most of the time. No id is escaped.
    if (!people.some((id) => line.includes(`"from":"${id}"`) || line.includes(`"subject":"${id}"`))) return null;
    const record: ArchivedMessage = JSON.parse(line);
    if (record.type !== "message") return null;
    const isTheirs = people.includes(record.from) || people.includes(record.content?.notice?.subject ?? "");
    return isTheirs ? record : null;
  }

  /** The lines of a file, with a turn for others now and then. */
  async function* linesOf(archive: Archive): AsyncGenerator<string, void, void> {
    let count = 0;
    for await (const line of files.read(archive)) {
      yield line;
      count += 1;
      if (count % PAGE !== 0) continue;
      if (isClosed()) throw new Error("the server is going down");
      await nextTurn();
    }
  }

  async function isNamed(archive: Archive, people: readonly UserId[]): Promise<boolean> {
    for await (const line of linesOf(archive)) if (messageOf(people, line) !== null) return true;
    return false;
  }

  async function* without(archive: Archive, people: readonly UserId[]): AsyncGenerator<string, void, void> {
    const at = instant(clock.now());
    let lines = 0;
    let sum = "";
    for await (const line of linesOf(archive)) {
      if (line.startsWith('{"type":"end"')) break;
      const message = messageOf(people, line);
      const left = message === null ? null : Object.fromEntries(LEFT.map((name) => [name, message[name]]));
      const kept = left === null ? line : lineOf({ ...left, recalledAt: message?.recalledAt ?? at, erasedAt: at });
      lines += 1;
      sum = sumWith(sum, kept);
      yield `${kept}\n`;
    }
    yield `${lineOf({ type: "end", lines, sum })}\n`;
  }

  return {
    /** Nothing is left in the store of those whose erasure has this number, or a lower one. */
    async doneUpTo(): Promise<number> {
      return (await doneBehind(0)).upTo;
    },

    async eraseFromAll(): Promise<void> {
      const [newest] = await store.erasures(1);
      if (newest === undefined || newest.id <= applied) return;
      const { upTo } = await doneBehind(0);
      for (const archive of await files.list(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
        if (isClosed()) return;
        // Before a restore, erasures had other numbers.
        const behind = archive.generation === store.generation ? archive.erased : 0;
        if (behind >= upTo) continue;
        const { userIds } = await doneBehind(behind);
        if (await isNamed(archive, userIds)) {
          const written = await files.write(without(archive, userIds));
          const { size, sha256 } = written;
          await written.publish({ ...archive, size, sha256, erased: upTo });
        } else await files.note({ ...archive, erased: upTo });
      }
      applied = upTo;
    },
  };
}
