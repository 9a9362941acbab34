/**
 * Exports: all of one person, or of one conversation, as lines that are read from the store page by page while they are
 * sent. Each line names the place behind which to go on; nothing is kept for that, so it outlives any restart.
 */
import { recordLook } from "../audit.ts";
import { nextTurn } from "../clock.ts";
import type { Core } from "../core.ts";
import { Refusal } from "../errors.ts";
import { isUserId } from "../ids.ts";
import type { UserId } from "../model.ts";
import type { Uploads } from "../uploads.ts";
import { isAdmin, requireAdmin, subjectOf, type Viewer } from "../viewer.ts";
import { createExportParts, type ExportScope, PARTS, readCursor } from "./export-parts.ts";
import { lineOf, sumWith } from "./lines.ts";
import type { RecordLink, RecordLinks } from "./links.ts";

/** Where to go on, and what came before: as the last line that was kept and the count and sum of all up to it say. */
export interface ExportPlace {
  readonly after: string;
  readonly lines: number;
  readonly sum: string;
}

export function createExports(core: Core, uploads: Pick<Uploads, "linkTo">, links: RecordLinks | null) {
  const { store } = core;
  const parts = createExportParts(core, uploads.linkTo);

  function link(path: readonly string[]): RecordLink {
    if (links === null) throw new Error("there are no links to records here");
    return links.link(path);
  }

  /** Whether there is such a user, who was not erased. */
  async function isThere(userId: UserId): Promise<boolean> {
    const user = (await store.users([userId])).get(userId);
    return user !== undefined && user.erasedAt === null;
  }

  /**
   * A link to all of a user: of the viewer what it sees of its own; with `of`, by an admin, all that is stored.
   * @returns null where there is no such user
   * @throws Refusal FORBIDDEN
   */
  async function exportUser(viewer: Viewer, of: string | null | undefined): Promise<RecordLink | null> {
    const userId = subjectOf(viewer, of);
    if (!(await isThere(userId))) return null;
    await recordLook(core, viewer, "exportUser", userId, "");
    return link([of == null || !isAdmin(viewer) ? "own" : "user", userId]);
  }

  /**
   * A link to all that is stored of the conversation between two users.
   * @returns null where there is none
   * @throws Refusal FORBIDDEN
   */
  async function exportConversation(viewer: Viewer, userId: string, peerId: string): Promise<RecordLink | null> {
    requireAdmin(viewer, "`exportConversation`");
    if (!isUserId(userId) || !isUserId(peerId)) return null;
    if ((await store.conversationBetween(userId, peerId)) === null) return null;
    await recordLook(core, viewer, "exportConversation", userId, peerId);
    return link(["conversation", userId, peerId]);
  }

  /**
   * Reads an export, some lines at a time, with a turn for others between them. The last line says that it is complete.
   * @param place where to go on; null: from the beginning
   * @throws Refusal BAD_USER_INPUT for a cursor that is none, USER_NOT_FOUND for one who was erased meanwhile
   */
  async function* read(scope: ExportScope, place: ExportPlace | null): AsyncGenerator<string, void, void> {
    const from = place === null ? null : readCursor(place.after);
    if (place !== null && from === null) throw new Refusal("BAD_USER_INPUT", "`after` is the cursor of no line.");
    if (scope.of !== "conversation" && !(await isThere(scope.userId))) {
      throw new Refusal("USER_NOT_FOUND", "There is no such user any more.");
    }
    let lines = place?.lines ?? 0;
    let sum = place?.sum ?? "";
    for (const part of from === null ? PARTS : PARTS.slice(PARTS.indexOf(from.part))) {
      for await (const page of parts.read(scope, part, from?.part === part ? from : null)) {
        if (core.stopped) throw new Error("the server is going down");
        let text = "";
        for (const { cursor, record } of page) {
          const line = lineOf({ ...record, cursor });
          lines += 1;
          sum = sumWith(sum, line);
          text += `${line}\n`;
        }
        if (text !== "") yield text;
        await nextTurn();
      }
    }
    yield `${lineOf({ type: "end", lines, sum })}\n`;
  }

  return { exportUser, exportConversation, readExport: read };
}
