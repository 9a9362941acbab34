/** Bearer tokens in headers and connection parameters. */
import type { Engine } from "../engine/engine.ts";
import { Refusal } from "../engine/errors.ts";
import type { Viewer } from "../engine/viewer.ts";

const BEARER = /^Bearer +([^\s]+)$/i;

/**
 * Who sends this header or parameter; null without one.
 * @throws Refusal UNAUTHENTICATED
 */
export async function viewerFrom(engine: Engine, authorization: unknown): Promise<Viewer | null> {
  if (authorization == null || authorization === "") return null;
  const token = typeof authorization === "string" ? BEARER.exec(authorization)?.[1] : undefined;
  if (token === undefined) throw new Refusal("UNAUTHENTICATED", "The authorization must read `Bearer <token>`.");
  return engine.devices.authenticate(token);
}
