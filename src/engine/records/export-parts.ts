/** The parts of an export: each is read from the store page by page, and can be gone on with behind any of its records. */
import { nextTurn } from "../clock.ts";
import { type Core, cutoffsNow } from "../core.ts";
import type { PeopleList, PersonPlace } from "../cursors.ts";
import type { Member, UserId } from "../model.ts";
import type { LinkTo } from "./content-record.ts";
import {
  conversationRecord,
  deviceRecord,
  instant,
  messageRecord,
  pushPreferencesRecord,
  RECORDS_VERSION,
  uploadRecord,
  userRecord,
} from "./lines.ts";

/** Messages, or others, that are read at a time. */
const PAGE = 100;

/** What is exported: what a user sees of its own, or all that is stored of a user or a conversation. */
export type ExportScope =
  | { readonly of: "own" | "user"; readonly userId: UserId }
  | { readonly of: "conversation"; readonly userId: UserId; readonly peerId: UserId };

/** What a line says, and the place behind which to go on. */
export interface Placed {
  readonly cursor: string;
  readonly record: object;
}

/** The parts of an export in their order. */
export const PARTS = [
  "header",
  "user",
  "pushPreferences",
  "device",
  "friend",
  "friendRequest",
  "block",
  "upload",
  "messages",
] as const;
export type Part = (typeof PARTS)[number];

/** A place: the part, and where in it; `seq` 0 before the first message. */
export interface Cursor {
  readonly part: Part;
  readonly key: string;
  readonly seq: number;
}

const BEGINNING: Cursor = { part: "header", key: "", seq: 0 };
const LISTS = { friend: "friends", friendRequest: "friendRequests", block: "blockedUsers" } as const satisfies Partial<
  Record<Part, PeopleList>
>;

function cursorAt({ part, key, seq }: Cursor): string {
  return `${part}.${seq}.${key}`;
}

/** The place that a cursor names; null for what is no cursor. */
export function readCursor(text: string): Cursor | null {
  const [, name, seq, key = ""] = /^([a-zA-Z]{1,32})\.(\d{1,15})\.(.{0,256})$/s.exec(text) ?? [];
  const part = PARTS.find((one) => one === name);
  return part === undefined ? null : { part, key, seq: Number(seq) };
}

export function createExportParts(core: Core, linkTo: LinkTo) {
  const { store } = core;

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
        cursor: cursorAt(BEGINNING),
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
        : [{ cursor: cursorAt({ part: "user", key: id, seq: 0 }), record: userRecord(user) }];
    });
  }

  async function* devices(userId: UserId, after: string): AsyncGenerator<Placed[]> {
    const tokens = await store.pushTokens(userId, null);
    const all = (await store.devices(userId)).toSorted((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
    yield all
      .filter(({ deviceId }) => deviceId > after)
      .map((device) => ({
        cursor: cursorAt({ part: "device", key: device.deviceId, seq: 0 }),
        record: deviceRecord(
          device,
          tokens.filter((token) => token.deviceId === device.deviceId),
        ),
      }));
  }

  async function* relations(part: keyof typeof LISTS, userId: UserId, from: Cursor | null): AsyncGenerator<Placed[]> {
    let after: PersonPlace | null = from === null ? null : { since: from.seq, userId: from.key };
    for (;;) {
      const range = { from: "start", limit: PAGE, after, before: null } as const;
      const { items, hasNextPage } = await store.people(LISTS[part], userId, range);
      yield items.map(({ since, userId: other }) => ({
        cursor: cursorAt({ part, key: other, seq: since }),
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
        cursor: cursorAt({ part: "upload", key: upload.id, seq: 0 }),
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
        cursor: cursorAt({ part: "messages", key, seq: message.seq }),
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
        yield [{ cursor: cursorAt({ part: "messages", key: peerId, seq: 0 }), record: conversationRecord(side) }];
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
        cursor: cursorAt({ part: "messages", key: side.userId, seq: 0 }),
        record: conversationRecord(side),
      }));
    }
    yield* messages(conversationId, "", null, from?.seq ?? 0);
  }

  /** The records of a part. @param from where to go on in it; null: from its beginning */
  async function* read(scope: ExportScope, part: Part, from: Cursor | null): AsyncGenerator<Placed[]> {
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
      case "pushPreferences":
        if (!isConversation && from === null) {
          const record = pushPreferencesRecord(userId, await store.pushPreferences(userId));
          yield [{ cursor: cursorAt({ part, key: "", seq: 0 }), record }];
        }
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

  return { read };
}
