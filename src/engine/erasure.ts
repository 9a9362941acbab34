/**
 * Erasing a person: what it wrote, its profile, devices, media and relations. The others keep what they wrote, and see a
 * placeholder where its messages were. It is stored, done in the background in small batches, and gone on with after a stop.
 */
import { auditEntry, recordLook } from "./audit.ts";
import { announced, type Core } from "./core.ts";
import type { Erasure } from "./erasure-store.ts";
import { Refusal } from "./errors.ts";
import { isUserId } from "./ids.ts";
import { SYSTEM_USER } from "./model.ts";
import { createRests } from "./rests.ts";
import type { Uploads } from "./uploads.ts";
import { requireAdmin, type Viewer } from "./viewer.ts";

/** Messages that are erased at once. */
const BATCH = 32;
/** How long it rests after each batch, in times of what that took. */
const REST = 4;
/** Milliseconds after which one that met trouble of the store's goes on. */
const PATIENCE_MS = 5_000;
const MOST_LISTED = 100;

export function createErasing(core: Core, uploads: Pick<Uploads, "removeSoon">) {
  const { store, clock, timekeeper, connections, revocations, observer } = core;
  const running = new Map<number, Promise<void>>();
  let closed = false;
  const rests = createRests(clock);

  async function goOn(begun: Erasure): Promise<void> {
    let erasure = begun;
    while (erasure.finishedAt === null && !closed && (await core.leases.take(`erasure ${erasure.id}`))) {
      const started = clock.monotonic();
      const step = await store.eraseMore(erasure, BATCH, timekeeper.latest());
      core.changes += 1;
      ({ erasure } = announced(core, step));
      core.push?.expect(clock.now());
      if (erasure.finishedAt === null && !closed) await rests.rest((clock.monotonic() - started) * REST);
    }
    if (erasure.finishedAt === null) return;
    uploads.removeSoon();
    await core.forgotten();
    // What was erased lies in the write-ahead log until that is emptied.
    await store.tidy();
    core.erased.add(erasure.userId);
    core.erasing.delete(erasure.userId);
    core.cluster?.standingChanged(erasure.userId);
  }

  async function untilDone(erasure: Erasure): Promise<void> {
    core.erasing.add(erasure.userId);
    while (!closed) {
      try {
        return await goOn((await store.erasure(erasure.id)) ?? erasure);
      } catch (error) {
        observer.erasureFailed(erasure.id, error);
        if (!closed) await rests.rest(PATIENCE_MS);
      }
    }
  }

  function start(erasure: Erasure): void {
    if (running.has(erasure.id)) return;
    running.set(
      erasure.id,
      untilDone(erasure).finally(() => running.delete(erasure.id)),
    );
  }

  return {
    /** Goes on with what a stop, of this server or another one, has interrupted. */
    async recover(): Promise<void> {
      for (const erasure of await store.runningErasures()) start(erasure);
    },

    /**
     * Begins to erase a person, or gives the erasure that runs. Its sessions end at once, and nobody can write to it.
     * @throws Refusal FORBIDDEN, USER_NOT_FOUND
     */
    async begin(viewer: Viewer, userId: string): Promise<Erasure> {
      requireAdmin(viewer, "`eraseUser`");
      const known = isUserId(userId) && userId !== SYSTEM_USER ? (await store.users([userId])).get(userId) : undefined;
      if (known === undefined || (known.erasedAt !== null && !core.erasing.has(userId))) {
        throw new Refusal("USER_NOT_FOUND", "There is no such user.", { field: "user" });
      }
      const tokensFrom = Math.ceil(timekeeper.latest() / 1_000) * 1_000;
      core.erasing.add(userId);
      const audit = auditEntry(core, viewer, "eraseUser", userId, "");
      const { erasure, ended } = await store.beginErasure(userId, tokensFrom, audit).catch((error: unknown) => {
        core.erasing.delete(userId);
        throw error;
      });
      revocations.note(userId, tokensFrom);
      for (const { deviceId, session } of ended) revocations.noteEndedSession(userId, deviceId, session);
      connections.endOf(userId, "ended", () => true);
      core.cluster?.standingChanged(userId);
      start(erasure);
      return erasure;
    },

    /** The newest first. @throws Refusal FORBIDDEN */
    async list(viewer: Viewer): Promise<readonly Erasure[]> {
      requireAdmin(viewer, "`erasures`");
      await recordLook(core, viewer, "erasures", null, "");
      return store.erasures(MOST_LISTED);
    },

    /** Resolves when all that run have stopped; they go on with the next start. */
    async close(): Promise<void> {
      closed = true;
      rests.wake();
      await Promise.all(running.values());
    },
  };
}
