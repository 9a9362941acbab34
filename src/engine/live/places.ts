/** From where a device goes on in its user's log. */
import { type Core, cutoffsNow } from "../core.ts";
import { decodeLogCursor, encodeLogCursor } from "../cursors.ts";
import { Refusal } from "../errors.ts";
import type { Stream, UserId } from "../model.ts";
import type { LogState } from "../store.ts";
import type { Viewer } from "../viewer.ts";

export interface Place {
  /** Everything behind this position is to be handed over. */
  readonly after: number;
  /** False where the log does not reach back so far, or the cursor is of another life of the store. */
  readonly complete: boolean;
}

/** A cursor that the log of this store can have given. */
export interface KnownPlace {
  readonly stream: Stream;
  readonly position: number;
  /** False for a cursor from before a restore. */
  readonly current: boolean;
}

/** @throws Refusal BAD_USER_INPUT for no cursor of this user, or one that lies ahead of the log */
export function readPlace(core: Core, userId: UserId, cursor: string, head: number): KnownPlace {
  const { stream, generation, position } = decodeLogCursor(userId, cursor);
  const current = generation === core.store.generation;
  if (current && position > head) {
    throw new Refusal("BAD_USER_INPUT", "This cursor lies ahead of the log; pass one that a subscription gave.");
  }
  return { stream, position, current };
}

/** The later of `since` and what the device has acknowledged of this stream. */
export function placeOf(
  core: Core,
  viewer: Viewer,
  stream: Stream,
  since: string | null | undefined,
  state: LogState,
): Place {
  const acknowledged = state.acknowledged[stream];
  const lost = state.lost[stream];
  if (since == null) return { after: acknowledged, complete: acknowledged >= lost };
  const given = readPlace(core, viewer.userId, since, state.head);
  if (!given.current) return { after: acknowledged, complete: false };
  const after = Math.max(acknowledged, given.position);
  return { after, complete: after >= lost };
}

/**
 * As `placeOf`, for the streams that have no refresh to announce a hole with; with the log's head at this moment.
 * @throws Refusal CURSOR_EXPIRED where something behind `since` is no longer there
 */
export async function servablePlace(
  core: Core,
  viewer: Viewer,
  stream: Stream,
  since: string | null | undefined,
): Promise<{ readonly after: number; readonly head: number }> {
  const state = await core.store.logState(viewer.userId, viewer.deviceId);
  const place = placeOf(core, viewer, stream, since, state);
  if (since != null) {
    const expired = await core.store.hasExpired(viewer, stream, place.after, cutoffsNow(core).offline);
    if (!place.complete || expired) {
      throw new Refusal("CURSOR_EXPIRED", "The log no longer reaches back to this cursor; subscribe without `since`.");
    }
  }
  return { after: place.after, head: state.head };
}

export function cursorAt(core: Core, userId: UserId, stream: Stream, position: number): string {
  return encodeLogCursor(userId, { stream, generation: core.store.generation, position });
}
