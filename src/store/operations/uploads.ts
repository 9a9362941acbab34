/** Uploads, and which messages are made of them. */
import { sql } from "drizzle-orm";
import { MEDIA_KINDS, type MediaFacts, type MediaKind, type Upload, type UploadState } from "../../engine/media.ts";
import { type ProcessingOutcome, UploadGone, type UploadRoom } from "../../engine/upload-store.ts";
import { all, first, hold, holdUsers, type Operation, run, statement } from "../statement.ts";
import { mediaUses, uploads } from "../tables.ts";
import { oneOf } from "./rows.ts";

type UploadRow = {
  id: string;
  owner_id: string;
  kind: string;
  name: string;
  size: number;
  state: string;
  created_at: number;
  expires_at: number | null;
  facts: string | null;
  refusal: string | null;
};
const columns = sql`id, owner_id, kind, name, size, state, created_at, expires_at, facts, refusal`;
const STATES = ["UPLOADING", "PROCESSING", "READY", "REFUSED"] as const satisfies readonly UploadState[];

function toUpload(row: UploadRow): Upload {
  return {
    id: row.id,
    ownerId: row.owner_id,
    kind: oneOf<MediaKind>(MEDIA_KINDS, row.kind),
    name: row.name,
    size: row.size,
    state: oneOf<UploadState>(STATES, row.state),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    facts: row.facts === null ? null : (JSON.parse(row.facts) as MediaFacts),
    refusal: row.refusal,
  };
}

const selectUpload = statement<{ id: string }, UploadRow>(
  (p) => sql`select ${columns} from ${uploads} where id = ${p.id}`,
);

export function* readUploads(ids: readonly string[]): Operation<ReadonlyMap<string, Upload>> {
  const found = new Map<string, Upload>();
  for (const id of ids) {
    const row = yield* first(selectUpload, { id });
    if (row !== undefined) found.set(id, toUpload(row));
  }
  return found;
}

const selectOfOwner = statement<{ owner: string; after: string; limit: number }, UploadRow>(
  (p) => sql`select ${columns} from ${uploads} where owner_id = ${p.owner} and id > ${p.after}
    and (expires_at is null or expires_at > 0) order by id limit ${p.limit}`,
);

export function* uploadsOf(owner: string, after: string, limit: number): Operation<readonly Upload[]> {
  return (yield* all(selectOfOwner, { owner, after, limit })).map(toUpload);
}

const sumOfOwner = statement<{ owner: string }, { bytes: number }>(
  (p) => sql`select coalesce(sum(size), 0) as bytes from ${uploads} where owner_id = ${p.owner} and state <> 'REFUSED'`,
);
const countUnfinished = statement<{ owner: string }, { count: number }>(
  (p) => sql`select count(*) as count from ${uploads}
    where owner_id = ${p.owner} and state in ('UPLOADING', 'PROCESSING')`,
);
type NewUpload = {
  id: string;
  owner: string;
  kind: string;
  name: string;
  size: number;
  state: string;
  createdAt: number;
  expiresAt: number | null;
};
const insertUpload = statement<NewUpload>(
  (p) => sql`insert into ${uploads} (id, owner_id, kind, name, size, state, created_at, expires_at)
    values (${p.id}, ${p.owner}, ${p.kind}, ${p.name}, ${p.size}, ${p.state}, ${p.createdAt}, ${p.expiresAt})`,
);

export function* createUpload(
  { id, ownerId: owner, kind, name, size, state, createdAt, expiresAt }: Upload,
  room: UploadRoom,
): Operation<"created" | "too many" | "too much"> {
  yield* holdUsers(owner);
  const unfinished = (yield* first(countUnfinished, { owner }))?.count ?? 0;
  if (room.unfinished > 0 && unfinished >= room.unfinished) return "too many";
  const bytes = (yield* first(sumOfOwner, { owner }))?.bytes ?? 0;
  if (room.bytes > 0 && bytes + size > room.bytes) return "too much";
  yield* run(insertUpload, { id, owner, kind, name, size, state, createdAt, expiresAt });
  return "created";
}

const startProcessing = statement<{ id: string }, { id: string }>(
  (p) => sql`update ${uploads} set state = 'PROCESSING'
    where id = ${p.id} and state in ('UPLOADING', 'PROCESSING') returning id`,
);

export function* beginProcessing(id: string): Operation<boolean> {
  return (yield* first(startProcessing, { id })) !== undefined;
}

type Ended = { id: string; state: string; facts: string | null; refusal: string | null; expiresAt: number };
/** Unless it was given up meanwhile. */
const finishProcessing = statement<Ended, { id: string }>(
  (p) => sql`update ${uploads} set state = ${p.state}, facts = ${p.facts}, refusal = ${p.refusal},
      expires_at = ${p.expiresAt}
    where id = ${p.id} and state = 'PROCESSING' and (expires_at is null or expires_at > 0)
    returning id`,
);

export function* endProcessing(
  id: string,
  { facts, refusal }: ProcessingOutcome,
  expiresAt: number,
): Operation<boolean> {
  const state = facts === null ? "REFUSED" : "READY";
  const text = facts === null ? null : JSON.stringify(facts);
  return (yield* first(finishProcessing, { id, state, facts: text, refusal, expiresAt })) !== undefined;
}

const isUsed = statement<{ id: string }, { seq: number }>(
  (p) => sql`select seq from ${mediaUses} where upload_id = ${p.id} limit 1`,
);
/** Before all time: nothing brings it back. */
const condemn = statement<{ id: string }, { id: string }>(
  (p) => sql`update ${uploads} set expires_at = 0 where id = ${p.id} returning id`,
);

/** What is held while it is found out whether an upload is used, and while that changes. */
function nameOf(id: string): string {
  return `upload ${id}`;
}

export function* dropUpload(id: string): Operation<boolean> {
  yield* hold(nameOf(id));
  if ((yield* first(isUsed, { id })) !== undefined) return false;
  return (yield* first(condemn, { id })) !== undefined;
}

const selectUnfinished = statement<{ after: string; limit: number }, UploadRow>(
  (p) => sql`select ${columns} from ${uploads}
    where id > ${p.after} and state in ('UPLOADING', 'PROCESSING') order by id limit ${p.limit}`,
);

export function* unfinishedUploads(after: string, limit: number): Operation<readonly Upload[]> {
  return (yield* all(selectUnfinished, { after, limit })).map(toUpload);
}

const condemnExpired = statement<{ until: number; limit: number }, { id: string }>(
  (p) => sql`update ${uploads} set expires_at = 0 where id in
      (select id from ${uploads} where expires_at is not null and expires_at <= ${p.until}
        order by expires_at limit ${p.limit})
    returning id`,
);

export function* expiredUploads(until: number, limit: number): Operation<readonly string[]> {
  return (yield* all(condemnExpired, { until, limit })).map(({ id }) => id);
}

const deleteUpload = statement<{ id: string }>(
  (p) => sql`delete from ${uploads} where id = ${p.id} and expires_at = 0`,
);

export function* forgetUploads(ids: readonly string[]): Operation<void> {
  for (const id of ids) yield* run(deleteUpload, { id });
}

const claimUpload = statement<{ id: string; owner: string; now: number }, { id: string }>(
  (p) => sql`update ${uploads} set expires_at = null
    where id = ${p.id} and owner_id = ${p.owner} and state = 'READY'
      and (expires_at is null or expires_at > ${p.now})
    returning id`,
);
const insertUse = statement<{ conversation: number; seq: number; id: string }>(
  (p) => sql`insert into ${mediaUses} (conversation_id, seq, upload_id)
    values (${p.conversation}, ${p.seq}, ${p.id}) on conflict do nothing`,
);

/** The message is made of these uploads: they stay as long as it does. @throws UploadGone where one is not there */
export function* claimUploads(
  owner: string,
  ids: readonly string[],
  place: { readonly conversation: number; readonly seq: number },
  now: number,
): Operation<void> {
  if (ids.length > 0) yield* hold(...ids.map(nameOf));
  for (const id of ids) {
    if ((yield* first(claimUpload, { id, owner, now })) === undefined) throw new UploadGone(id);
    yield* run(insertUse, { ...place, id });
  }
}

/** Messages of a conversation, from one seq to another. */
type Range = { owner: number; from: number; to: number };
const selectUsed = statement<Range, { upload_id: string }>(
  (p) => sql`select distinct upload_id from ${mediaUses}
    where conversation_id = ${p.owner} and seq >= ${p.from} and seq <= ${p.to}`,
);
const deleteUses = statement<Range>(
  (p) => sql`delete from ${mediaUses} where conversation_id = ${p.owner} and seq >= ${p.from} and seq <= ${p.to}`,
);

/** These messages are made of nothing any more: uploads that no other message uses are condemned. */
export function* releaseUploads(range: Range): Operation<void> {
  const used = yield* all(selectUsed, range);
  if (used.length === 0) return;
  yield* hold(...used.map(({ upload_id: id }) => nameOf(id)));
  yield* run(deleteUses, range);
  for (const { upload_id: id } of used) {
    if ((yield* first(isUsed, { id })) === undefined) yield* first(condemn, { id });
  }
}
