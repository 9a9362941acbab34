/** Devices and sessions: who a token speaks for, login, renewal, logout. */

import { auditEntry, recordLook } from "./audit.ts";
import type { Connection } from "./connections.ts";
import type { Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import { isUserId } from "./ids.ts";
import { DEFAULT_DEVICE, type Device, type Platform, SYSTEM_USER } from "./model.ts";
import { limitChanges, limitLogins } from "./permissions.ts";
import { isRevoked, SessionEnded, TokenRevoked } from "./revocations.ts";
import type { createUsers } from "./users.ts";
import { requireAdmin, subjectOf, type Viewer } from "./viewer.ts";

const LONGEST_DEVICE_ID = 64;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses.
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/;

export interface LoginResult {
  readonly viewer: Viewer;
  readonly deviceId: string;
  readonly accessToken: string;
  readonly expiresAt: number;
}

export interface RevokeResult {
  /** What the app signs from this instant on is good: the next whole second, as `iat` counts in seconds. */
  readonly validFrom: number;
  /** Devices whose session has been ended. */
  readonly endedDevices: readonly string[];
}

function readDeviceId(deviceId: string): string {
  const { length } = Array.from(deviceId);
  if (length < 1 || length > LONGEST_DEVICE_ID || !deviceId.isWellFormed() || CONTROL_CHARACTER.test(deviceId)) {
    const reason = `A device id has 1 to ${LONGEST_DEVICE_ID} characters, without control characters.`;
    throw new Refusal("INVALID_CONTENT", reason, { field: "deviceId" });
  }
  return deviceId;
}

export function createDevices(core: Core, users: Pick<ReturnType<typeof createUsers>, "requirePerson">) {
  const { store, clock, timekeeper, tokens, connections, revocations } = core;

  async function checkSession(userId: string, deviceId: string, session: number): Promise<void> {
    const device = await store.device(userId, deviceId);
    if (device === null || device.session !== session || device.endedAt !== null) throw new SessionEnded();
  }

  /** From when on a user's tokens are good; creates the user where there is none. */
  async function tokensFrom(userId: string): Promise<number> {
    const known = revocations.tokensFrom(userId);
    if (known !== undefined) return known;
    const user = (await store.users([userId])).get(userId);
    if (user === undefined) await store.ensureUser(userId, clock.now());
    if (user !== undefined && user.erasedAt !== null) core.erased.add(userId);
    return revocations.note(userId, user?.tokensFrom ?? null);
  }

  async function checkIssuedAt(userId: string, issuedAt: number | null): Promise<void> {
    if (isRevoked(issuedAt, await tokensFrom(userId))) throw new TokenRevoked();
  }

  /**
   * Whether a viewer that was let in is still to be served: between the steps of an operation, and where a connection
   * opens, since what has ended until then was told to all connections but that one. Costs no look-up.
   * @throws SessionEnded
   */
  function checkStill(viewer: Viewer): void {
    revocations.check(viewer);
  }

  /** Ends what was opened with a session: what is under way, and its connections. */
  function endSession({ userId, deviceId, session }: Pick<Device, "userId" | "deviceId" | "session">): void {
    revocations.noteEndedSession(userId, deviceId, session);
    core.cluster?.standingChanged(userId);
    connections.endOf(userId, "ended", ({ viewer }) => viewer.deviceId === deviceId && viewer.session === session);
  }

  /**
   * Who the bearer of a token is. A user is created at first sight of a valid one.
   * @throws Refusal UNAUTHENTICATED, as SessionEnded where the session is over or the token revoked; UNAVAILABLE
   */
  async function authenticate(token: string): Promise<Viewer> {
    const claims = await tokens.verify(token);
    const { userId, role, expiresAt } = claims;
    if (isUserId(userId)) await core.cluster?.confirm(userId);
    if (!isUserId(userId) || userId === SYSTEM_USER) {
      const reason = "`sub` must be a user's id: 1 to 128 bytes of A-Z a-z 0-9 _ - . @ + |, and not `system`.";
      throw new Refusal("UNAUTHENTICATED", reason);
    }
    if (claims.kind === "access") {
      const { deviceId, session } = claims;
      await checkSession(userId, deviceId, session);
      await tokensFrom(userId);
      return { userId, role, expiresAt, deviceId, session, issuedAt: null };
    }
    const { issuedAt } = claims;
    await checkIssuedAt(userId, issuedAt);
    if (core.erasing.has(userId)) {
      throw new Refusal("UNAVAILABLE", "What was kept under this id is being erased. Try again later.");
    }
    // What the app signs after an erasure is for somebody new.
    if (core.erased.delete(userId)) {
      await store.comeBack(userId);
      core.cluster?.standingChanged(userId);
    }
    return { userId, role, expiresAt, deviceId: DEFAULT_DEVICE, session: null, issuedAt };
  }

  async function resultFor(viewer: Viewer, session: number): Promise<LoginResult> {
    const { userId, deviceId, role, expiresAt } = viewer;
    const accessToken = await tokens.issue({ kind: "access", userId, role, expiresAt, deviceId, session });
    return { viewer, deviceId, accessToken, expiresAt };
  }

  /**
   * Opens a session for a device, or goes on with the one that it has. One session too many of a platform ends the
   * oldest, which is told so and cut off.
   * @throws Refusal INVALID_CONTENT for a device id, RATE_LIMITED, UNAUTHENTICATED where the token has been revoked
   */
  async function login(viewer: Viewer, deviceId: string, platform: Platform): Promise<LoginResult> {
    const { userId, expiresAt, session, issuedAt } = viewer;
    const id = readDeviceId(deviceId);
    limitLogins(core, viewer);
    const limit = id === DEFAULT_DEVICE ? null : core.sessionLimits[platform];
    const by = session === null ? { issuedAt } : { deviceId: viewer.deviceId, session };
    const opened = await store.openSession({ userId, deviceId: id, by, platform, now: clock.now(), expiresAt, limit });
    if (opened === null) throw session === null ? new TokenRevoked() : new SessionEnded();
    for (const old of opened.ended) endSession(old);
    return resultFor({ ...viewer, deviceId: id, session: opened.device.session }, opened.device.session);
  }

  /**
   * Prolongs the viewer's session with a fresh token of the app, on its living sockets too.
   * @throws Refusal UNAUTHENTICATED for a token that is not valid or is another user's, RATE_LIMITED
   */
  async function renew(viewer: Viewer, connection: Connection | null, token: string): Promise<LoginResult> {
    limitChanges(core, viewer);
    const claims = await tokens.verify(token);
    if (claims.userId !== viewer.userId || claims.kind !== "app") {
      throw new Refusal("UNAUTHENTICATED", "Renew with a fresh token that the app has signed for the same user.");
    }
    const { role, expiresAt, issuedAt } = claims;
    await checkIssuedAt(viewer.userId, issuedAt);
    const renewed = { ...viewer, role, expiresAt, issuedAt: viewer.session === null ? issuedAt : null };
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
    if (session !== null) {
      await store.endSession(userId, deviceId, clock.now(), null);
      revocations.noteEndedSession(userId, deviceId, session);
    } else await store.deletePushTokens(userId, deviceId, null);
    setImmediate(() => {
      if (session !== null) endSession({ userId, deviceId, session });
      else connection?.end("ended");
    });
    return deviceId;
  }

  /**
   * Makes useless what a user holds: each token that the app has signed until now, and the sessions of its devices,
   * or of one. What was opened with them is cut off with 4401.
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND, INVALID_CONTENT for a device id
   */
  async function revoke(
    viewer: Viewer,
    connection: Connection | null,
    id: string,
    deviceId: string | null | undefined,
  ): Promise<RevokeResult> {
    requireAdmin(viewer, "`revokeTokens`");
    const { id: userId } = await users.requirePerson(id);
    const device = deviceId == null ? null : readDeviceId(deviceId);
    const validFrom = Math.ceil(timekeeper.latest() / 1_000) * 1_000;
    const audit = auditEntry(
      core,
      viewer,
      "revokeTokens",
      userId,
      device === null ? "all devices" : `device ${device}`,
    );
    const ended = await store.revokeTokens(userId, device, validFrom, audit);
    revocations.note(userId, validFrom);
    for (const { deviceId: name, session } of ended) revocations.noteEndedSession(userId, name, session);
    core.cluster?.standingChanged(userId);
    const isMeant = ({ viewer: { session, deviceId: name } }: Connection) =>
      device === null || session === null || name === device;
    // An admin that revokes its own hears the answer first.
    setImmediate(() => {
      if (connection !== null && connection.viewer.userId === userId && isMeant(connection)) connection.end("ended");
    });
    connections.endOf(userId, "ended", (each) => each !== connection && isMeant(each));
    return { validFrom, endedDevices: ended.map(({ deviceId: name }) => name) };
  }

  /**
   * Ends the session of a device, the viewer's own or, by an admin, another user's: it is closed with 4401, and its access
   * token is refused. Tokens of the app stay good, so that it may log in again.
   * @returns whether a session was living
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND, INVALID_CONTENT for a device id, RATE_LIMITED
   */
  async function endSessionOf(
    viewer: Viewer,
    connection: Connection | null,
    id: string,
    of: string | null | undefined,
  ): Promise<boolean> {
    limitChanges(core, viewer);
    const userId = subjectOf(viewer, of);
    const deviceId = readDeviceId(id);
    await users.requirePerson(userId);
    const device = await store.device(userId, deviceId);
    if (device === null || !isSignedIn(device)) {
      await recordLook(core, viewer, "endSession", userId, `device ${deviceId}`);
      return false;
    }
    const foreign = userId !== viewer.userId;
    const audit = foreign ? auditEntry(core, viewer, "endSession", userId, `device ${deviceId}`) : null;
    await store.endSession(userId, deviceId, clock.now(), audit);
    revocations.noteEndedSession(userId, deviceId, device.session);
    core.cluster?.standingChanged(userId);
    const isMeant = ({ viewer: each }: Connection) => each.deviceId === deviceId && each.session === device.session;
    // Who ends its own hears the answer first.
    setImmediate(() => {
      if (connection !== null && connection.viewer.userId === userId && isMeant(connection)) connection.end("ended");
    });
    connections.endOf(userId, "ended", (each) => each !== connection && isMeant(each));
    return true;
  }

  /** A user's devices, last login first. @throws Refusal FORBIDDEN, USER_NOT_FOUND */
  async function list(viewer: Viewer, of: string | null | undefined): Promise<readonly Device[]> {
    const userId = subjectOf(viewer, of);
    await recordLook(core, viewer, "devices", userId, "");
    return store.devices(userId);
  }

  /** Whether a device's session lives now. */
  function isSignedIn(device: Device): boolean {
    return device.endedAt === null && device.expiresAt > clock.now();
  }

  return { authenticate, checkStill, login, renew, logout, endSessionOf, revoke, list, isSignedIn };
}
