/** Devices and their sessions. */
import { sql } from "drizzle-orm";
import { type AuditEntry, DEFAULT_DEVICE, type Device, type UserId } from "../../engine/model.ts";
import { isRevoked } from "../../engine/revocations.ts";
import type { Credential, SessionRequest } from "../../engine/store.ts";
import { all, first, holdUsers, type Operation, run, statement } from "../statement.ts";
import { devices, users } from "../tables.ts";
import { recordAudit } from "./audit.ts";
import { readUser } from "./people.ts";
import { deletePushTokens } from "./push-tokens.ts";
import { type DeviceRow, toDevice } from "./rows.ts";

const columns = sql`user_id, device_id, platform, session, signed_in_at, expires_at, ended_at`;

const selectDevice = statement<{ user: string; device: string }, DeviceRow>(
  (p) => sql`select ${columns} from ${devices} where user_id = ${p.user} and device_id = ${p.device}`,
);
const selectDevices = statement<{ user: string }, DeviceRow>(
  (p) => sql`select ${columns} from ${devices} where user_id = ${p.user} order by login_order desc, device_id`,
);
/** A session that has ended or run out is followed by a new one; a living one goes on. */
const upsertDevice = statement<
  { user: string; device: string; platform: string; now: number; expiresAt: number },
  DeviceRow
>(
  (p) => sql`insert into ${devices} as d (user_id, device_id, platform, session, login_order, signed_in_at, expires_at,
      lost_messages, lost_updates, lost_conversations)
    select id, ${p.device}, ${p.platform}, 1,
      (select coalesce(max(login_order), 0) + 1 from ${devices} where user_id = ${p.user}),
      cast(${p.now} as bigint), cast(${p.expiresAt} as bigint),
      floor_messages, floor_updates, floor_conversations
    from ${users} where id = ${p.user}
    on conflict (user_id, device_id) do update set platform = excluded.platform, login_order = excluded.login_order,
      signed_in_at = excluded.signed_in_at,
      session = case when d.ended_at is null and d.expires_at > excluded.signed_in_at
        then d.session else d.session + 1 end,
      expires_at = case when d.ended_at is null and d.expires_at > excluded.expires_at
        then d.expires_at else excluded.expires_at end,
      ended_at = null
    returning ${columns}`,
);
const selectSurplus = statement<
  { user: string; platform: string; now: number; limit: number; exempt: string },
  DeviceRow
>(
  (p) => sql`select ${columns} from ${devices} where user_id = ${p.user} and platform = ${p.platform}
    and device_id <> ${p.exempt} and ended_at is null and expires_at > ${p.now}
    order by login_order desc limit 1000 offset ${p.limit}`,
);
const setEnded = statement<{ user: string; device: string; now: number }>(
  (p) => sql`update ${devices} set ended_at = ${p.now} where user_id = ${p.user} and device_id = ${p.device}
    and ended_at is null`,
);
const prolong = statement<{ user: string; device: string; expiresAt: number }>(
  (p) => sql`update ${devices} set expires_at = ${p.expiresAt}
    where user_id = ${p.user} and device_id = ${p.device} and expires_at < ${p.expiresAt}`,
);

const selectLiving = statement<{ user: string }, DeviceRow>(
  (p) => sql`select ${columns} from ${devices} where user_id = ${p.user} and ended_at is null`,
);
const setTokensFrom = statement<{ user: string; from: number }>(
  (p) => sql`update ${users} set tokens_from = ${p.from}
    where id = ${p.user} and (tokens_from is null or tokens_from < ${p.from})`,
);

/** Nothing is pushed to a device after that. */
function* end(user: UserId, device: string, now: number): Operation<void> {
  yield* run(setEnded, { user, device, now });
  yield* deletePushTokens(user, device, null);
}

/** Looked at in the transaction, so that nothing that is revoked at the same moment slips through. */
function* isGood(user: UserId, by: Credential): Operation<boolean> {
  if ("session" in by) {
    const row = yield* first(selectDevice, { user, device: by.deviceId });
    return row !== undefined && row.session === by.session && row.ended_at === null;
  }
  const { tokensFrom } = (yield* readUser(user)) ?? {};
  return tokensFrom == null || !isRevoked(by.issuedAt, tokensFrom);
}

export function* openSession(request: SessionRequest): Operation<{ device: Device; ended: readonly Device[] } | null> {
  const { userId: user, deviceId: device, by, platform, now, expiresAt, limit } = request;
  yield* holdUsers(user);
  if (!(yield* isGood(user, by))) return null;
  const row = yield* first(upsertDevice, { user, device, platform, now, expiresAt });
  if (row === undefined) throw new Error("a session could not be opened");
  if (limit === null) return { device: toDevice(row), ended: [] };
  const surplus = yield* all(selectSurplus, { user, platform, now, limit, exempt: DEFAULT_DEVICE });
  for (const old of surplus) yield* end(user, old.device_id, now);
  return { device: toDevice(row), ended: surplus.map(toDevice) };
}

export function* renewSession(userId: UserId, deviceId: string, expiresAt: number): Operation<void> {
  yield* run(prolong, { user: userId, device: deviceId, expiresAt });
}

export function* endSession(userId: UserId, deviceId: string, now: number, audit: AuditEntry | null): Operation<void> {
  yield* holdUsers(userId);
  yield* recordAudit(audit);
  yield* end(userId, deviceId, now);
}

export function* revokeTokens(
  user: UserId,
  deviceId: string | null,
  tokensFrom: number,
  audit: AuditEntry,
): Operation<readonly Device[]> {
  yield* holdUsers(user);
  const living = (yield* all(selectLiving, { user })).filter((row) => deviceId === null || row.device_id === deviceId);
  for (const row of living) yield* end(user, row.device_id, audit.at);
  // What the app has signed speaks for this device, which has no session to end.
  yield* deletePushTokens(user, deviceId === null ? null : DEFAULT_DEVICE, null);
  yield* run(setTokensFrom, { user, from: tokensFrom });
  yield* recordAudit(audit);
  return living.map(toDevice);
}

export function* readDevice(userId: UserId, deviceId: string): Operation<Device | null> {
  const row = yield* first(selectDevice, { user: userId, device: deviceId });
  return row === undefined ? null : toDevice(row);
}

export function* readDevices(userId: UserId): Operation<readonly Device[]> {
  const rows = yield* all(selectDevices, { user: userId });
  return rows.map(toDevice);
}
