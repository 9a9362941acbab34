/** Devices and sessions: who a token speaks for, login, renewal, logout. */
import { LRUCache } from "lru-cache";
import type { Connection } from "./connections.ts";
import type { Core, TokenClaims } from "./core.ts";
import { Refusal } from "./errors.ts";
import { isUserId } from "./ids.ts";
import { DEFAULT_DEVICE, type Device, type Platform, SYSTEM_USER } from "./model.ts";
import { limitChanges } from "./permissions.ts";
import type { Viewer } from "./viewer.ts";

const LONGEST_DEVICE_ID = 64;
/** Users known to exist, so that each token costs no look-up. */
const REMEMBERED_USERS = 100_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

export interface LoginResult {
  readonly viewer: Viewer;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly expiresAt: number;
}

/** UNAUTHENTICATED because the session has ended: no new token for this session will help. */
export class SessionEnded extends Refusal {
  constructor() {
    super(
      "UNAUTHENTICATED",
      "This session has ended: it was logged out, or another device took its place. Log in again.",
    );
  }
}

function readDeviceId(deviceId: string): string {
  const { length } = Array.from(deviceId);
  if (length < 1 || length > LONGEST_DEVICE_ID || !deviceId.isWellFormed() || CONTROL_CHARACTER.test(deviceId)) {
    const reason = `A device id has 1 to ${LONGEST_DEVICE_ID} characters, without control characters.`;
    throw new Refusal("INVALID_CONTENT", reason, { field: "deviceId" });
  }
  return deviceId;
}

export function createDevices(core: Core) {
  const { store, clock, tokens, connections } = core;
  const knownUsers = new LRUCache<string, true>({ max: REMEMBERED_USERS });

  async function checkSession(claims: Extract<TokenClaims, { kind: "access" }>): Promise<void> {
    const device = await store.device(claims.userId, claims.deviceId);
    if (device === null || device.session !== claims.session || device.endedAt !== null) throw new SessionEnded();
  }

  /**
   * Who the bearer of a token is. A user is created at first sight of a valid one.
   * @throws Refusal UNAUTHENTICATED, as SessionEnded where the session is over
   */
  async function authenticate(token: string): Promise<Viewer> {
    const claims = await tokens.verify(token);
    const { userId, role, expiresAt } = claims;
    if (!isUserId(userId) || userId === SYSTEM_USER) {
      const reason = "`sub` must be a user's id: 1 to 128 bytes of A-Z a-z 0-9 _ - . @ + |, and not `system`.";
      throw new Refusal("UNAUTHENTICATED", reason);
    }
    if (claims.kind === "access") await checkSession(claims);
    if (!knownUsers.has(userId)) {
      if ((await store.users([userId])).size === 0) await store.ensureUser(userId, clock.now());
      knownUsers.set(userId, true);
    }
    const place =
      claims.kind === "access"
        ? { deviceId: claims.deviceId, session: claims.session }
        : { deviceId: DEFAULT_DEVICE, session: null };
    return { userId, role, expiresAt, ...place };
  }

  async function resultFor(viewer: Viewer, session: number): Promise<LoginResult> {
    const { userId, deviceId, role, expiresAt } = viewer;
    const accessToken = await tokens.issue({ kind: "access", userId, role, expiresAt, deviceId, session });
    return { viewer, deviceId, accessToken, expiresAt };
  }

  /**
   * Opens a session for a device, or goes on with the one that it has. One session too many of a platform ends the
   * oldest, which is told so and cut off.
   * @throws Refusal INVALID_CONTENT for a device id, RATE_LIMITED
   */
  async function login(viewer: Viewer, deviceId: string, platform: Platform): Promise<LoginResult> {
    const { userId, expiresAt } = viewer;
    const id = readDeviceId(deviceId);
    limitChanges(core, viewer);
    const limit = id === DEFAULT_DEVICE ? null : core.sessionLimits[platform];
    const request = { userId, deviceId: id, platform, now: clock.now(), expiresAt, limit };
    const { device, ended } = await store.openSession(request);
    for (const old of ended) connections.endSession(userId, old.deviceId, "ended");
    return resultFor({ ...viewer, deviceId: id, session: device.session }, device.session);
  }

  /**
   * Prolongs the viewer's session with a fresh token of the app, on its living sockets too.
   * @throws Refusal UNAUTHENTICATED for a token that is not valid or is another user's
   */
  async function renew(viewer: Viewer, connection: Connection | null, token: string): Promise<LoginResult> {
    const claims = await tokens.verify(token);
    if (claims.userId !== viewer.userId || claims.kind !== "app") {
      throw new Refusal("UNAUTHENTICATED", "Renew with a fresh token that the app has signed for the same user.");
    }
    const renewed = { ...viewer, role: claims.role, expiresAt: claims.expiresAt };
    if (viewer.session !== null) await store.renewSession(viewer.userId, viewer.deviceId, claims.expiresAt);
    connections.renew(renewed, connection);
    if (viewer.session !== null) return resultFor(renewed, viewer.session);
    return { viewer: renewed, deviceId: viewer.deviceId, accessToken: token, expiresAt: claims.expiresAt };
  }

  /**
   * Ends the viewer's session; its connections are cut off once the answer is out. A token without a session goes
   * on working, so only the connection that asks is ended.
   */
  async function logout(viewer: Viewer, connection: Connection | null): Promise<string> {
    const { userId, deviceId, session } = viewer;
    if (session !== null) await store.endSession(userId, deviceId, clock.now());
    setImmediate(() => {
      if (session !== null) connections.endSession(userId, deviceId, "ended");
      else connection?.end("ended");
    });
    return deviceId;
  }

  /** The viewer's devices, last login first. */
  function list(viewer: Viewer): Promise<readonly Device[]> {
    return store.devices(viewer.userId);
  }

  /** Whether a device's session lives now. */
  function isSignedIn(device: Device): boolean {
    return device.endedAt === null && device.expiresAt > clock.now();
  }

  return { authenticate, login, renew, logout, list, isSignedIn };
}
