/**
 * Exports: all of one person, or of one conversation, as lines that are read from the store page by page while they are
 * sent. Each line names the place behind which to go on; nothing is kept for that, so it outlives any restart.
 */
import { recordLook } from "../audit.ts";
import { nextTurn } from "../clock.ts";
import { type Core, cutoffsNow } from "../core.ts";
import type { PeopleList, PersonPlace } from "../cursors.ts";
import { Refusal } from "../errors.ts";
import { isUserId } from "../ids.ts";
import type { Member, UserId } from "../model.ts";
import type { Uploads } from "../uploads.ts";
import { isAdmin, requireAdmin, subjectOf, type Viewer } from "../viewer.ts";
import type { LinkTo } from "./content-record.ts";
import {
  conversationRecord,
  deviceRecord,
  instant,
  lineOf,
  messageRecord,
  RECORDS_VERSION,
  sumWith,
  uploadRecord,
  userRecord,
} from "./lines.ts";
import type { RecordLink, RecordLinks } from "./links.ts";

/** Messages, or others, that are read at a time. */
const PAGE = 100;

/** What is exported: what a user sees of its own, or all that is stored of a user or a conversation. */
export type ExportScope =
  | { readonly of: "own" | "user"; readonly userId: UserId }
  | { readonly of: "conversation"; readonly userId: UserId; readonly peerId: UserId };

/** Where to go on, and what came before: as the last line that was kept and the count and sum of all up to it say. */
export interface ExportPlace {
  readonly after: string;
  readonly lines: number;
  readonly sum: string;
}

interface Placed {
  readonly cursor: string;
  readonly record: object;
}

/** The parts of an export in their order. */
const PARTS = ["header", "user", "device", "friend", "friendRequest", "block", "upload", "messages"] as const;
type Part = (typeof PARTS)[number];

/** A place: the part, and where in it; `seq` 0 before the first message. */
interface Cursor {
  readonly part: Part;
  readonly key: string;
  readonly seq: number;
}

const BEGINNING: Cursor = { part: "header", key: "", seq: 0 };
const LISTS = { friend: "friends", friendRequest: "friendRequests", block: "blockedUsers" } as const satisfies Partial<
  Record<Part, PeopleList>
>;

function encode({ part, key, seq }: Cursor): string {
  return `${PARTS.indexOf(part)}.${seq}.${key}`;
}

/** @returns null for what is no cursor */
function decode(text: string): Cursor | null {
  const [, index, seq, key = ""] = /^(\d)\.(\d{1,15})\.(.{0,256})$/s.exec(text) ?? [];
  const part = PARTS[Number(index)];
  return index === undefined || part === undefined ? null : { part, key, seq: Number(seq) };
}

export function createExports(core: Core, uploads: Pick<Uploads, "linkTo">, links: RecordLinks | null) {
  const { store } = core;
  const linkTo: LinkTo = uploads.linkTo;

  function link(path: readonly string[]): RecordLink {
    if (links === null) throw new Error("there are no links to records here");
    return links.link(path);
  }

  /**
   * A link to all of a user: of the viewer what it sees of its own; with `of`, by an admin, all that is stored.
   * @returns null where there is no such user
   * @throws Refusal FORBIDDEN
   */
  async function exportUser(viewer: Viewer, of: string | null | undefined): Promise<RecordLink | null> {
    const userId = subjectOf(viewer, of);
    if ((await store.users([userId])).size === 0) return null;
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

  /** How many messages there may be; for a conversation and for own views some of them may be left out. */
  async function estimate(scope: ExportScope): Promise<number> {
    let messages = 0;
    let after = "";
    for (;;) {
      const spans =
        scope.of === "conversation"
          ? [await store.conversationSpan(scope.userId, scope.peerId)]
          : await store.conversationSpans(scope.userId, after, PAGE);
      for (const { count } of spans) messages += count;
      const last = spans.at(-1);
      if (scope.of === "conversation" || last === undefined || spans.length < PAGE) return messages;
      after = last.peerId;
      await nextTurn();
    }
  }

  async function* header(scope: ExportScope): AsyncGenerator<Placed[]> {
    const { of, userId } = scope;
    const about = scope.of === "conversation" ? { users: [userId, scope.peerId] } : { user: userId };
    const at = instant(core.clock.now());
    const messages = await estimate(scope);
    yield [
      {
        cursor: encode(BEGINNING),
        record: { type: "header", format: "parley-records", version: RECORDS_VERSION, of, ...about, at, messages },
      },
    ];
  }

  async function* people(ids: readonly UserId[]): AsyncGenerator<Placed[]> {
    const users = await store.users(ids);
    yield ids.flatMap((id) => {
      const user = users.get(id);
      return user === undefined
        ? []
        : [{ cursor: encode({ part: "user", key: id, seq: 0 }), record: userRecord(user) }];
    });
  }

  async function* devices(userId: UserId, after: string): AsyncGenerator<Placed[]> {
    const all = (await store.devices(userId)).toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
    yield all
      .filter(({ deviceId }) => deviceId > after)
      .map((device) => ({
        cursor: encode({ part: "device", key: device.deviceId, seq: 0 }),
        record: deviceRecord(device),
      }));
  }

  async function* relations(part: keyof typeof LISTS, userId: UserId, from: Cursor | null): AsyncGenerator<Placed[]> {
    let after: PersonPlace | null = from === null ? null : { since: from.seq, userId: from.key };
    for (;;) {
      const range = { from: "start", limit: PAGE, after, before: null } as const;
      const { items, hasNextPage } = await store.people(LISTS[part], userId, range);
      yield items.map(({ since, userId: other }) => ({
        cursor: encode({ part, key: other, seq: since }),
        record: { type: part, user: userId, other, since: instant(since) },
      }));
      after = items.at(-1) ?? null;
      if (after === null || !hasNextPage) return;
    }
  }

  async function* ownUploads(userId: UserId, from: string): AsyncGenerator<Placed[]> {
    for (let after = from; ; ) {
      const page = await store.uploadsOf(userId, after, PAGE);
      yield page.map((upload) => ({
        cursor: encode({ part: "upload", key: upload.id, seq: 0 }),
        record: uploadRecord(upload, linkTo),
      }));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.id;
    }
  }

  /** Messages of a conversation behind a place; of what a side sees, or all. */
  async function* messages(
    conversationId: number,
    key: string,
    view: Member | null,
    from: number,
  ): AsyncGenerator<Placed[]> {
    const { erased } = cutoffsNow(core);
    for (let after = from; ; ) {
      const page =
        view === null
          ? await store.keptMessages(conversationId, after, erased, PAGE)
          : await store.seenMessages({ ...view, roamingCutoff: erased }, after, PAGE);
      yield page.map(({ message, deletedBy, readSeq }) => ({
        cursor: encode({ part: "messages", key, seq: message.seq }),
        record: messageRecord(message, view?.userId ?? null, { readSeq, deletedBy }, linkTo),
      }));
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last.message.seq;
    }
  }

  async function* conversationsOf(userId: UserId, whole: boolean, from: Cursor | null): AsyncGenerator<Placed[]> {
    if (from !== null) {
      const side = await store.member(userId, from.key);
      if (side !== null) yield* messages(side.conversationId, side.peerId, whole ? null : side, from.seq);
    }
    for (let after = from?.key ?? ""; ; ) {
      const spans = await store.conversationSpans(userId, after, PAGE);
      for (const { peerId } of spans) {
        const side = await store.member(userId, peerId);
        if (side === null) continue;
        yield [{ cursor: encode({ part: "messages", key: peerId, seq: 0 }), record: conversationRecord(side) }];
        yield* messages(side.conversationId, peerId, whole ? null : side, 0);
      }
      const last = spans.at(-1);
      if (last === undefined || spans.length < PAGE) return;
      after = last.peerId;
    }
  }

  async function* oneConversation(userId: UserId, peerId: UserId, from: Cursor | null): AsyncGenerator<Placed[]> {
    const conversationId = await store.conversationBetween(userId, peerId);
    if (conversationId === null) return;
    if (from === null || from.seq === 0) {
      const sides = [await store.member(userId, peerId), userId === peerId ? null : await store.member(peerId, userId)];
      const known = sides.filter((side) => side !== null);
      yield known.slice(known.findIndex((side) => side.userId === from?.key) + 1).map((side) => ({
        cursor: encode({ part: "messages", key: side.userId, seq: 0 }),
        record: conversationRecord(side),
      }));
    }
    yield* messages(conversationId, "", null, from?.seq ?? 0);
  }

  async function* partOf(scope: ExportScope, part: Part, from: Cursor | null): AsyncGenerator<Placed[]> {
    const { userId } = scope;
    const isConversation = scope.of === "conversation";
    switch (part) {
      case "header":
        if (from === null) yield* header(scope);
        return;
      case "user":
        if (isConversation && scope.peerId !== userId) {
          const both = [userId, scope.peerId];
          yield* people(from === null ? both : both.slice(both.indexOf(from.key) + 1));
        } else if (from === null) yield* people([userId]);
        return;
      case "device":
        if (!isConversation) yield* devices(userId, from?.key ?? "");
        return;
      case "friend":
      case "friendRequest":
      case "block":
        if (!isConversation) yield* relations(part, userId, from);
        return;
      case "upload":
        if (!isConversation) yield* ownUploads(userId, from?.key ?? "");
        return;
      case "messages":
        if (isConversation) yield* oneConversation(userId, scope.peerId, from);
        else yield* conversationsOf(userId, scope.of === "user", from);
        return;
      default:
        part satisfies never;
    }
  }

  /**
   * Reads an export, some lines at a time, with a turn for others between them. The last line says that it is complete.
   * @param place where to go on; null: from the beginning
   * @throws Refusal BAD_USER_INPUT for a cursor that is none
   */
  async function* read(scope: ExportScope, place: ExportPlace | null): AsyncGenerator<string, void, void> {
    const from = place === null ? null : decode(place.after);
    if (place !== null && from === null) throw new Refusal("BAD_USER_INPUT", "`after` is the cursor of no line.");
    let lines = place?.lines ?? 0;
    let sum = place?.sum ?? "";
    for (const part of from === null ? PARTS : PARTS.slice(PARTS.indexOf(from.part))) {
      for await (const page of partOf(scope, part, from?.part === part ? from : null)) {
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
