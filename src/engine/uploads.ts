/**
 * Uploads: who may bring what, and what becomes of it. An upload is said (kind, name, size), then its bytes come, then
 * they are looked into; once it is READY messages can be made of it. Its state is in the store, so that whoever comes
 * next goes on with it: the transport may tell that all has come twice, or never.
 */
import { randomBytes } from "node:crypto";
import { recordLook } from "./audit.ts";
import type { MediaSource } from "./content.ts";
import type { Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import { parseUploadId } from "./ids.ts";
import { LARGEST_MEDIA_BYTES, type MediaKind, UnfitMedia, type Upload } from "./media.ts";
import { checkFileName, type FindUpload } from "./media-rules.ts";
import type { UserId } from "./model.ts";
import { limitChanges } from "./permissions.ts";
import type { ProcessingOutcome } from "./upload-store.ts";
import { isAdmin, type Viewer } from "./viewer.ts";

const REMOVED_AT_ONCE = 10;

export interface CreateUploadInput {
  readonly kind: MediaKind;
  readonly name: string;
  readonly size: number;
}

export interface CreatedUpload {
  readonly upload: Upload;
  /** Where it begins, and the token for it. */
  readonly endpoint: string;
  readonly ticket: string;
}

export function createUploads(core: Core) {
  const { store, clock, timekeeper, media } = core;
  /** What is done with uploads whose bytes may have come, one time after the other for each. */
  const turns = new Map<string, Promise<Upload | null>>();

  /** An upload by its bare id, whoever asks; null where there is none, or its time has come. */
  async function read(id: string): Promise<Upload | null> {
    const upload = (await store.uploads([id])).get(id);
    const gone = upload?.expiresAt != null && upload.expiresAt <= clock.now();
    return upload === undefined || gone ? null : upload;
  }

  /** @param size bytes that are to come @throws Refusal STORAGE_FULL where that would leave too little */
  async function checkRoom(size: number): Promise<void> {
    if ((await media.files.free()) - size < media.rules.freeBytes) {
      throw new Refusal("STORAGE_FULL", "The server has no room for media now; try again later.");
    }
  }

  /**
   * Says what is going to be uploaded, and gives the ticket for it.
   * @throws Refusal INVALID_CONTENT, CONTENT_TOO_LARGE, QUOTA_EXCEEDED, STORAGE_FULL, RATE_LIMITED
   */
  async function create(viewer: Viewer, { kind, name, size }: CreateUploadInput): Promise<CreatedUpload> {
    limitChanges(core, viewer);
    checkFileName(name, "name");
    if (size < 1) throw new Refusal("INVALID_CONTENT", "The size in bytes must be 1 or more.", { field: "size" });
    if (size > LARGEST_MEDIA_BYTES[kind]) {
      const reason = `It is ${size} bytes; at most ${LARGEST_MEDIA_BYTES[kind]} are allowed.`;
      throw new Refusal("CONTENT_TOO_LARGE", reason, { field: "size" });
    }
    await checkRoom(size);
    const now = timekeeper.latest();
    const upload: Upload = {
      id: randomBytes(16).toString("base64url"),
      ownerId: viewer.userId,
      kind,
      name,
      size,
      state: "UPLOADING",
      createdAt: now,
      expiresAt: now + media.rules.lifetimeMs,
      facts: null,
      refusal: null,
    };
    const { bytes, unfinished } = media.rules;
    const outcome = await store.createUpload(
      upload,
      isAdmin(viewer) ? { bytes: 0, unfinished: 0 } : { bytes, unfinished },
    );
    if (outcome === "too many") {
      const reason = `At most ${unfinished} uploads may be under way; finish or delete one first.`;
      throw new Refusal("QUOTA_EXCEEDED", reason);
    }
    if (outcome === "too much") {
      throw new Refusal("QUOTA_EXCEEDED", `One user may store ${bytes} bytes; recall or delete something first.`);
    }
    return {
      upload,
      endpoint: media.keys.endpoint,
      ticket: await media.keys.ticket(upload.id, now + media.rules.lifetimeMs),
    };
  }

  /** The viewer's own upload, or an admin's choice; null for any other. */
  async function find(viewer: Viewer, id: string): Promise<Upload | null> {
    const bare = parseUploadId(id);
    const upload = bare === null ? null : await read(bare);
    if (upload === null || (upload.ownerId !== viewer.userId && !isAdmin(viewer))) return null;
    await recordLook(core, viewer, "upload", upload.ownerId, id);
    return upload;
  }

  /** Removes an upload of the viewer's that no message uses. @returns whether there was one */
  async function remove(viewer: Viewer, id: string): Promise<boolean> {
    limitChanges(core, viewer);
    const upload = await find(viewer, id);
    if (upload === null || upload.ownerId !== viewer.userId) return false;
    return giveUp(upload.id);
  }

  /** Removes an upload that no message uses, by its bare id. @returns whether it is gone */
  async function giveUp(id: string): Promise<boolean> {
    if (!(await store.dropUpload(id))) return false;
    await media.files.remove(id);
    await store.forgetUploads([id]);
    return true;
  }

  /** Removes what has come of an upload after it was given up. */
  async function tidy(id: string): Promise<void> {
    if ((await read(id)) === null) await media.files.remove(id);
  }

  async function outcomeOf({ id, kind }: Upload): Promise<ProcessingOutcome> {
    try {
      return { facts: await media.files.keep(id, kind), refusal: null };
    } catch (error) {
      if (error instanceof UnfitMedia) return { facts: null, refusal: error.message };
      throw error;
    }
  }

  async function lookInto(upload: Upload): Promise<void> {
    const { id, size } = upload;
    if (!(await store.beginProcessing(id))) return;
    const outcome = await outcomeOf(upload);
    const isThere = await store.endProcessing(id, outcome, timekeeper.latest() + media.rules.lifetimeMs);
    // Or it was given up meanwhile.
    if (!isThere || outcome.facts === null) await media.files.remove(id);
    if (isThere) core.observer.uploaded(outcome.facts === null ? "refused" : "ready", size);
  }

  async function finishOnce(id: string): Promise<Upload | null> {
    const upload = await read(id);
    if (upload === null || upload.state === "READY" || upload.state === "REFUSED") return upload;
    const isWhole = upload.state === "PROCESSING" || (await media.files.received(id)) === upload.size;
    if (isWhole) await lookInto(upload);
    return read(id);
  }

  /**
   * All bytes of an upload may have come: looks into them, once however often it is called.
   * @returns the upload as it is then; null where there is none
   * @throws Error where they could not be looked into: it stays PROCESSING, for another time
   */
  function finish(id: string): Promise<Upload | null> {
    // Behind whoever looks now, who may have looked before the last bytes came.
    const turn = (turns.get(id) ?? Promise.resolve(null)).catch(() => null).then(() => finishOnce(id));
    turns.set(id, turn);
    const leave = () => {
      if (turns.get(id) === turn) turns.delete(id);
    };
    turn.then(leave, leave);
    return turn;
  }

  /** Goes on with uploads that are whole, where nobody has: the server was stopped, or could not look into them. */
  async function goOn(): Promise<void> {
    for (let after = ""; !core.stopped; ) {
      const page = await store.unfinishedUploads(after, 100);
      for (const { id } of page) {
        if (core.stopped) return;
        await finish(id).catch((error: unknown) => core.observer.sweepFailed(error));
      }
      after = page.at(-1)?.id ?? after;
      if (page.length === 0) return;
    }
  }

  /** Goes on with what was under way when the server stopped, and removes what nothing is known of. */
  async function recover(): Promise<void> {
    await goOn();
    for await (const ids of media.files.ids()) {
      if (core.stopped) return;
      const known = await store.uploads(ids);
      for (const id of ids) if (!known.has(id)) await media.files.remove(id);
    }
  }

  /** Removes what has expired, so many at most. @returns how many went */
  async function sweep(limit: number): Promise<number> {
    const ids = await store.expiredUploads(timekeeper.earliest(), limit);
    for (const id of ids) await media.files.remove(id);
    await store.forgetUploads(ids);
    return ids.length;
  }

  /** What the rules of content find uploads with: those of this owner that an input names. */
  async function finderFor(ownerId: UserId, named: readonly string[]): Promise<FindUpload> {
    const uploads = await store.uploads(named.flatMap((id) => parseUploadId(id) ?? []));
    return (id, kind, field) => {
      const upload = uploads.get(parseUploadId(id) ?? "");
      const gone = upload?.expiresAt != null && upload.expiresAt <= clock.now();
      if (upload === undefined || gone || upload.ownerId !== ownerId) {
        throw new Refusal("UPLOAD_NOT_FOUND", "There is no such upload of the sender's; upload it again.", { field });
      }
      if (upload.kind !== kind) {
        const reason = `It was uploaded as ${upload.kind}, and is to be sent as ${kind}.`;
        throw new Refusal("INVALID_CONTENT", reason, { field });
      }
      const { facts } = upload;
      if (upload.state === "REFUSED")
        throw new Refusal("UPLOAD_REFUSED", upload.refusal ?? "It was refused.", { field });
      if (facts === null) {
        const reason = "Not all of it has come, or it is being looked into; try again when it is READY.";
        throw new Refusal("UPLOAD_NOT_READY", reason, { field, retryAfterMs: 1_000 });
      }
      return { ...upload, facts };
    };
  }

  return {
    create,
    find,
    remove,
    read,
    finish,
    goOn,
    recover,
    sweep,
    finderFor,
    /** What nothing uses any more has no links from now on; its bytes go at once, or else when it is swept. */
    removeSoon(): void {
      sweep(REMOVED_AT_ONCE).catch((error: unknown) => core.observer.sweepFailed(error));
    },
    /** Where this lies, for whoever may see what it is part of. */
    linkTo(source: MediaSource): string {
      return "url" in source ? source.url : media.keys.link(source.upload, source.variant, source.name);
    },
    checkRoom,
    giveUp,
    tidy,
    /** Bytes that have come of it. */
    received: (id: string) => media.files.received(id),
    /** Resolves when nothing is being looked into. */
    async idle(): Promise<void> {
      await Promise.allSettled(turns.values());
    },
  };
}

export type Uploads = ReturnType<typeof createUploads>;
