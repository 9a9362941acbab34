/** Where devices are reached while their apps are closed. */
import { sql } from "drizzle-orm";
import { PUSH_VENDORS, type PushEnvironment, type PushVendor } from "../../engine/push/channel.ts";
import type { PushToken } from "../../engine/push/model.ts";
import { all, first, hold, type Operation, run, statement } from "../statement.ts";
import { pushes, pushTokens } from "../tables.ts";
import { ensureDevice } from "./acknowledge.ts";
import { oneOf } from "./rows.ts";

const ENVIRONMENTS = ["PRODUCTION", "SANDBOX"] as const satisfies readonly PushEnvironment[];

type TokenRow = {
  user_id: string;
  device_id: string;
  vendor: string;
  token: string;
  environment: string;
  language: string | null;
  registered_at: number;
};
const tokenColumns = sql`user_id, device_id, vendor, token, environment, language, registered_at`;

export function toToken(row: TokenRow): PushToken {
  return {
    userId: row.user_id,
    deviceId: row.device_id,
    vendor: oneOf(PUSH_VENDORS, row.vendor),
    token: row.token,
    environment: oneOf(ENVIRONMENTS, row.environment),
    language: row.language,
    registeredAt: row.registered_at,
  };
}

export type DevicePlace = { user: string; device: string };
const selectOwner = statement<{ vendor: string; key: string }, { user_id: string; device_id: string }>(
  (p) => sql`select user_id, device_id from ${pushTokens} where vendor = ${p.vendor} and token_key = ${p.key}`,
);
const upsertToken = statement<{
  user: string;
  device: string;
  vendor: string;
  token: string;
  key: string;
  environment: string;
  language: string | null;
  now: number;
}>(
  (
    p,
  ) => sql`insert into ${pushTokens} (user_id, device_id, vendor, token, token_key, environment, language, registered_at)
    values (${p.user}, ${p.device}, ${p.vendor}, ${p.token}, ${p.key}, ${p.environment}, ${p.language}, ${p.now})
    on conflict (user_id, device_id, vendor) do update set token = excluded.token, token_key = excluded.token_key,
      environment = excluded.environment, language = excluded.language, registered_at = excluded.registered_at`,
);
const deleteToken = statement<DevicePlace & { vendor: string }>(
  (p) => sql`delete from ${pushTokens} where user_id = ${p.user} and device_id = ${p.device} and vendor = ${p.vendor}`,
);
const deletePushesOf = statement<DevicePlace & { vendor: string }>(
  (p) => sql`delete from ${pushes} where user_id = ${p.user} and device_id = ${p.device} and vendor = ${p.vendor}`,
);
const selectTokens = statement<{ user: string }, TokenRow>(
  (p) => sql`select ${tokenColumns} from ${pushTokens} where user_id = ${p.user} order by device_id, vendor`,
);
export const selectToken = statement<DevicePlace & { vendor: string }, TokenRow>(
  (p) => sql`select ${tokenColumns} from ${pushTokens}
    where user_id = ${p.user} and device_id = ${p.device} and vendor = ${p.vendor}`,
);

export function* savePushToken(token: PushToken, key: string): Operation<void> {
  const { userId: user, deviceId: device, vendor, environment, language, registeredAt: now } = token;
  yield* hold(`user ${user}`, `push token ${key}`);
  const owner = yield* first(selectOwner, { vendor, key });
  if (owner !== undefined && (owner.user_id !== user || owner.device_id !== device)) {
    yield* deletePushTokens(owner.user_id, owner.device_id, vendor);
  }
  yield* run(ensureDevice, { user, device, now });
  yield* run(upsertToken, { user, device, vendor, token: token.token, key, environment, language, now });
}

export function* pushTokensOf(userId: string, deviceId: string | null): Operation<readonly PushToken[]> {
  const tokens = (yield* all(selectTokens, { user: userId })).map(toToken);
  return deviceId === null ? tokens : tokens.filter((token) => token.deviceId === deviceId);
}

/** @param device null: of all of the user's; @param vendor null: of all */
export function* deletePushTokens(user: string, device: string | null, vendor: PushVendor | null): Operation<void> {
  for (const token of yield* pushTokensOf(user, device)) {
    if (vendor !== null && token.vendor !== vendor) continue;
    const place = { user, device: token.deviceId, vendor: token.vendor };
    yield* run(deleteToken, place);
    yield* run(deletePushesOf, place);
  }
}

export function* dropInvalidToken({ userId, deviceId, vendor, token }: PushToken, before: number): Operation<void> {
  const row = yield* first(selectToken, { user: userId, device: deviceId, vendor });
  if (row === undefined || row.token !== token || row.registered_at >= before) return;
  yield* deletePushTokens(userId, deviceId, vendor);
}
