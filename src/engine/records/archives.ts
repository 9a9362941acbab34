/** The archives that have been written, for admins. */
import { recordLook } from "../audit.ts";
import type { Core } from "../core.ts";
import { Refusal } from "../errors.ts";
import { requireAdmin, type Viewer } from "../viewer.ts";
import type { Archive, ArchiveFiles } from "./archive-files.ts";
import type { Archiving } from "./archiving.ts";
import type { RecordLink, RecordLinks } from "./links.ts";

/** Files that are listed at once: six weeks. */
const MOST_LISTED = 1_000;

export interface LinkedArchive extends Archive {
  readonly link: RecordLink;
}

export interface ListedArchives {
  /** Hours that begin before this instant are written. */
  readonly writtenUpTo: number;
  /** The oldest first. */
  readonly archives: readonly LinkedArchive[];
}

interface Parts {
  readonly files: ArchiveFiles;
  readonly archiving: Pick<Archiving, "writtenUpTo">;
}

/** @param parts null where no archives are written */
export function createArchives(core: Core, parts: Parts | null, links: RecordLinks | null) {
  return {
    /**
     * The files of the hours that begin in this range, with links that are good for an hour. The listing is recorded.
     * @param from left out: from the oldest on
     * @param to the first instant that is not in the range; left out: up to the newest
     * @returns null where no archives are written
     * @throws Refusal FORBIDDEN, BAD_USER_INPUT for a range that ends before it begins
     */
    async list(
      viewer: Viewer,
      from: number | null | undefined,
      to: number | null | undefined,
    ): Promise<ListedArchives | null> {
      requireAdmin(viewer, "`messageArchives`");
      const range = { from: from ?? Number.NEGATIVE_INFINITY, to: to ?? Number.POSITIVE_INFINITY };
      if (range.to < range.from) throw new Refusal("BAD_USER_INPUT", "`to` is before `from`.");
      if (parts === null || links === null) return null;
      const writtenUpTo = await parts.archiving.writtenUpTo();
      const archives = (await parts.files.list(range.from, range.to)).slice(0, MOST_LISTED);
      const [oldest, newest] = [archives[0], archives.at(-1)];
      const seen = oldest === undefined || newest === undefined ? "nothing" : `${oldest.name} to ${newest.name}`;
      await recordLook(core, viewer, "messageArchives", null, seen);
      return {
        writtenUpTo,
        archives: archives.map((archive) => ({ ...archive, link: links.link(["archive", archive.name]) })),
      };
    },
  };
}
