/** What every resolver is handed. */
import type { Connection } from "../engine/connections.ts";
import type { Engine } from "../engine/engine.ts";
import { Refusal, type RefusalCode } from "../engine/errors.ts";
import type { User } from "../engine/model.ts";
import type { Viewer } from "../engine/viewer.ts";

export interface Context {
  readonly engine: Engine;
  /** Who asks; null without a token. */
  readonly viewer: Viewer | null;
  /** The WebSocket or SSE stream that the operation came over; null for a plain request. */
  readonly connection: Connection | null;
  /** Profiles read by this query; null where they may change while the operation runs. */
  readonly users: Map<string, Promise<User | null>> | null;
  /** Counts a refusal that is answered as data. */
  readonly refused: (code: RefusalCode) => void;
}

/** @throws Refusal UNAUTHENTICATED where there is no token, or its session has ended or it was revoked meanwhile */
export function viewerOf({ engine, viewer, connection }: Context): Viewer {
  if (connection !== null && connection.endedBy !== null) {
    throw new Refusal("UNAUTHENTICATED", "This session has ended; log in again.");
  }
  const asking = connection?.viewer ?? viewer;
  if (asking !== null) {
    engine.devices.checkStill(asking);
    return asking;
  }
  const how = "`Authorization: Bearer <token>` on HTTP, {authorization: …} in connection_init on WebSocket.";
  throw new Refusal("UNAUTHENTICATED", `Send a token: ${how}`);
}

/** A user's profile, read once per query. */
export function loadUser({ engine, users }: Context, id: string): Promise<User | null> {
  const known = users?.get(id);
  if (known !== undefined) return known;
  const loading = engine.users.find(id);
  users?.set(id, loading);
  return loading;
}
