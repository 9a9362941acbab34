/**
 * Messages to everybody or to a long list: stored, sent in the background at a pace, gone on with after a stop. Each
 * recipient's message has a key of the broadcast's, so that what was sent before a crash is not sent again.
 */
import { hash } from "node:crypto";
import { auditEntry, recordLook } from "../audit.ts";
import { invalid } from "../content-checks.ts";
import { type Core, erasuresNow } from "../core.ts";
import { Refusal } from "../errors.ts";
import { isUserId, parseBroadcastId } from "../ids.ts";
import { SYSTEM_USER, type UserId } from "../model.ts";
import { createRests, type Rests } from "../rests.ts";
import type { Send } from "../send.ts";
import { keyFor } from "../send-many.ts";
import { requireAdmin, type Viewer } from "../viewer.ts";
import type { Broadcast, BroadcastMessage, BroadcastProgress } from "./model.ts";

const MOST_NAMED = 10_000;
const FASTEST = 1_000;
export const DEFAULT_PER_SECOND = 50;
/** At the same time. */
const MOST_RUNNING = 5;
const MOST_LISTED = 50;
/** Milliseconds of the pace that are sent at once. */
const SLICE_MS = 100;
/** Milliseconds after which one that met trouble of the store's goes on. */
const PATIENCE_MS = 5_000;

export interface BroadcastInput extends BroadcastMessage {
  readonly clientMessageId?: string | null | undefined;
  /** Left out: everybody. */
  readonly to?: readonly string[] | null | undefined;
  readonly perSecond?: number | null | undefined;
}

/** Nobody is told what they said themselves, and the system reads nothing. */
function readRecipients(
  to: readonly string[] | null | undefined,
  sender: string | null | undefined,
): readonly UserId[] | null {
  if (to == null) return null;
  const ids = [...new Set(to)].filter((id) => id !== SYSTEM_USER && id !== sender);
  if (ids.length < 1 || to.length > MOST_NAMED) {
    throw invalid("to", `It names ${to.length}; 1 to ${MOST_NAMED}. Leave it out for everybody.`);
  }
  const wrong = ids.find((id) => !isUserId(id));
  if (wrong !== undefined) throw invalid("to", `${JSON.stringify(wrong)} can be no user's id.`);
  return ids.sort();
}

/** As whom a broadcast sends: the admin who began it, whose token may have run out by then. */
function adminOf({ startedBy }: Broadcast): Viewer {
  return {
    userId: startedBy,
    deviceId: "broadcast",
    role: "admin",
    session: null,
    issuedAt: null,
    expiresAt: Number.MAX_SAFE_INTEGER,
  };
}

export function createBroadcasts(core: Core, send: Send, check: (viewer: Viewer, message: BroadcastMessage) => void) {
  const { store, clock, observer } = core;
  /** Those that run, and what makes them stop. */
  const running = new Map<number, { cancelled: boolean; done: Promise<void>; readonly rests: Rests }>();
  let closed = false;

  async function nextRecipients({ to, startedAt, message }: Broadcast, after: UserId, limit: number) {
    if (to === null) return store.audienceBehind(after, startedAt, message.sendAs ?? null, limit);
    return to.filter((id) => id > after).slice(0, limit);
  }

  /** @returns the code with which it was refused; null where it was sent */
  async function sendTo(broadcast: Broadcast, to: UserId): Promise<Refusal["code"] | null> {
    const clientMessageId = keyFor(`broadcast ${core.store.generation} ${broadcast.id}`, to);
    try {
      await send(adminOf(broadcast), { ...broadcast.message, to, clientMessageId, noticeKind: "BROADCAST" });
      return null;
    } catch (error) {
      if (error instanceof Refusal && error.isData) return error.code;
      throw error;
    }
  }

  function after(progress: BroadcastProgress, position: UserId, codes: readonly (Refusal["code"] | null)[]) {
    const failures = { ...progress.failures };
    for (const code of codes) if (code !== null) failures[code] = (failures[code] ?? 0) + 1;
    const sent = codes.filter((code) => code === null).length;
    const failed = codes.length - sent;
    return { position, sent: progress.sent + sent, failed: progress.failed + failed, failures };
  }

  async function run(broadcast: Broadcast): Promise<void> {
    const state = { cancelled: false, done: Promise.resolve(), rests: createRests(clock) };
    running.set(broadcast.id, state);
    const size = Math.max(1, Math.round((broadcast.perSecond * SLICE_MS) / 1_000));
    let progress: BroadcastProgress = broadcast;

    async function goOn(): Promise<void> {
      while (!closed && !state.cancelled && (await core.leases.take(`broadcast ${broadcast.id}`))) {
        const begun = clock.monotonic();
        const ids = await nextRecipients(broadcast, progress.position, size);
        const last = ids.at(-1);
        if (last === undefined) {
          await store.endBroadcast(broadcast.id, "DONE", clock.now(), null);
          return;
        }
        const codes = await Promise.all(ids.map((to) => sendTo(broadcast, to)));
        progress = after(progress, last, codes);
        // It may have been cancelled on another server.
        if (!(await store.saveProgress(broadcast.id, progress))) return;
        const wait = (ids.length * 1_000) / broadcast.perSecond - (clock.monotonic() - begun);
        if (wait > 0 && !closed && !state.cancelled) await state.rests.rest(wait);
      }
    }

    async function untilDone(): Promise<void> {
      for (;;) {
        try {
          return await goOn();
        } catch (error) {
          // A full disk, say: what was sent has its key, and the rest waits.
          observer.broadcastFailed(broadcast.id, error);
          if (closed || state.cancelled) return;
          await state.rests.rest(PATIENCE_MS);
        }
      }
    }

    state.done = untilDone().finally(() => running.delete(broadcast.id));
    await state.done;
  }

  /** Where its content has been erased with its time, there is no such broadcast any more. */
  function isKept(broadcast: Broadcast | null): broadcast is Broadcast {
    return broadcast !== null && (broadcast.finishedAt === null || broadcast.finishedAt > erasuresNow(core).erased);
  }

  return {
    /** Goes on with what a stop, of this server or another one, has interrupted. */
    async recover(): Promise<void> {
      for (const broadcast of await store.runningBroadcasts()) if (!running.has(broadcast.id)) void run(broadcast);
    },

    /**
     * Begins one, or gives the one that the same key has begun.
     * @throws Refusal FORBIDDEN, INVALID_CONTENT, CONTENT_TOO_LARGE, IDEMPOTENCY_CONFLICT, RATE_LIMITED for a sixth at a time
     */
    async begin(viewer: Viewer, input: BroadcastInput): Promise<Broadcast> {
      requireAdmin(viewer, "`broadcast`");
      const { clientMessageId, to: named, perSecond: wanted, ...message } = input;
      const perSecond = wanted ?? DEFAULT_PER_SECOND;
      if (perSecond < 1 || perSecond > FASTEST) throw invalid("perSecond", `It is from 1 to ${FASTEST}.`);
      const to = readRecipients(named, message.sendAs);
      check(viewer, message);
      const fingerprint = hash("sha256", JSON.stringify([message, to]), "base64");
      const key = clientMessageId ?? null;
      if (running.size >= MOST_RUNNING && key === null) throw tooMany();
      const at = clock.now();
      const audit = auditEntry(
        core,
        viewer,
        "broadcast",
        message.sendAs ?? null,
        to === null ? "to everybody" : `to ${to.length}`,
      );
      const fresh = { startedBy: viewer.userId, startedAt: at, message, to, perSecond, key, fingerprint };
      const started = await store.startBroadcast(fresh, audit);
      if (started.fingerprint !== fingerprint) {
        const reason = "This clientMessageId was used for another broadcast; give each a key of its own.";
        throw new Refusal("IDEMPOTENCY_CONFLICT", reason, { field: "clientMessageId" });
      }
      const { broadcast } = started;
      if (broadcast.state === "RUNNING" && !running.has(broadcast.id)) void run(broadcast);
      return broadcast;
    },

    /** @throws Refusal FORBIDDEN */
    async find(viewer: Viewer, id: string): Promise<Broadcast | null> {
      requireAdmin(viewer, "`broadcast`");
      const number = parseBroadcastId(id);
      const broadcast = number === null ? null : await store.broadcast(number);
      await recordLook(core, viewer, "broadcasts", null, id);
      return isKept(broadcast) ? broadcast : null;
    },

    /** The newest first. @throws Refusal FORBIDDEN */
    async list(viewer: Viewer): Promise<readonly Broadcast[]> {
      requireAdmin(viewer, "`broadcasts`");
      await recordLook(core, viewer, "broadcasts", null, "");
      return (await store.broadcasts(MOST_LISTED)).filter(isKept);
    },

    /**
     * Ends one. What was sent stays sent.
     * @throws Refusal FORBIDDEN, MESSAGE_NOT_FOUND where there is none
     */
    async cancel(viewer: Viewer, id: string): Promise<Broadcast> {
      requireAdmin(viewer, "`cancelBroadcast`");
      const number = parseBroadcastId(id);
      const known = number === null ? null : await store.broadcast(number);
      if (!isKept(known)) throw new Refusal("MESSAGE_NOT_FOUND", "There is no such broadcast.", { field: "id" });
      const audit = auditEntry(core, viewer, "cancelBroadcast", null, id);
      const state = running.get(known.id);
      if (state !== undefined) {
        state.cancelled = true;
        state.rests.wake();
        await state.done;
      }
      await store.endBroadcast(known.id, "CANCELLED", clock.now(), audit);
      return (await store.broadcast(known.id)) ?? known;
    },

    /** Resolves when all that run have stopped; they go on with the next start. */
    async close(): Promise<void> {
      closed = true;
      const states = [...running.values()];
      for (const { rests } of states) rests.wake();
      await Promise.all(states.map(({ done }) => done));
    },
  };
}

function tooMany(): Refusal {
  return new Refusal("RATE_LIMITED", `At most ${MOST_RUNNING} broadcasts run at a time: wait for one, or cancel it.`);
}
