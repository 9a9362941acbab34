/** Pushes, as users and admins arrange them: where a device is reached, what it shows, and what became of it. */
import { hash } from "node:crypto";
import { auditEntry, recordLook } from "../audit.ts";
import { checkString, invalid } from "../content-checks.ts";
import type { Core } from "../core.ts";
import type { UserId } from "../model.ts";
import { limitChanges } from "../permissions.ts";
import { requireAdmin, subjectOf, type Viewer } from "../viewer.ts";
import type { PushChannel, PushEnvironment, PushOutcome, PushVendor } from "./channel.ts";
import { testNotification } from "./decision.ts";
import type { PushPreferences, PushPreview, PushRecord, PushToken, QuietHours } from "./model.ts";
import { isTimeZone, MINUTES_OF_A_DAY } from "./quiet-hours.ts";

const LONGEST_TOKEN_BYTES = 4_096;
const MOST_RECORDS = 200;
const LONGEST_LANGUAGE = 35;
const LONGEST_MUTE_SECONDS = 31_536_000;

export interface PushTokenInput {
  readonly vendor: PushVendor;
  readonly token: string;
  readonly environment: PushEnvironment;
  readonly language?: string | null | undefined;
}

export interface PreferencesChange {
  readonly preview?: PushPreview | undefined;
  readonly quietHours?: QuietHours | null | undefined;
  /** From now on; 0: notifications come. */
  readonly muteSeconds?: number | undefined;
}

export interface TestedPush {
  readonly vendor: PushVendor;
  readonly outcome: PushOutcome["kind"];
  readonly reason: string;
}

function readLanguage(language: string | null | undefined): string | null {
  if (language == null) return null;
  try {
    const [tag] = language.length <= LONGEST_LANGUAGE ? Intl.getCanonicalLocales(language) : [];
    if (tag !== undefined) return tag;
  } catch {
    // What is wrong with it is said below.
  }
  throw invalid("language", "It is a language tag such as `ko` or `zh-Hant-TW`.");
}

function checkQuietHours({ from, to, timeZone }: QuietHours): void {
  const isMinute = (minute: number) => Number.isInteger(minute) && minute >= 0 && minute < MINUTES_OF_A_DAY;
  if (!isMinute(from)) throw invalid("quietHours.from", "It is a minute of the day, from 0 to 1,439.");
  if (!isMinute(to)) throw invalid("quietHours.to", "It is a minute of the day, from 0 to 1,439.");
  if (!isTimeZone(timeZone)) throw invalid("quietHours.timeZone", "It is an IANA name such as `Asia/Seoul`.");
}

export function createPushing(core: Core, channels: readonly PushChannel[]) {
  const { store, clock } = core;

  function channelOf(vendor: PushVendor): PushChannel {
    const channel = channels.find((each) => each.vendor === vendor);
    if (channel !== undefined) return channel;
    throw invalid("vendor", `This server does not push through ${vendor}.`);
  }

  /**
   * Says where the viewer's device is reached while its app is closed. A token that another device had is this one's
   * from now on.
   * @throws Refusal RATE_LIMITED, INVALID_CONTENT
   */
  async function register(viewer: Viewer, input: PushTokenInput): Promise<PushToken> {
    limitChanges(core, viewer);
    const { vendor, token, environment } = input;
    const channel = channelOf(vendor);
    checkString(token, "token");
    if (token.trim() === "" || Buffer.byteLength(token) > LONGEST_TOKEN_BYTES) {
      throw invalid("token", `It has 1 to ${LONGEST_TOKEN_BYTES} bytes.`);
    }
    if (channel.accepts?.(token) === false) throw invalid("token", `This is no token of ${vendor}.`);
    const { userId, deviceId } = viewer;
    const language = readLanguage(input.language);
    const saved = { userId, deviceId, vendor, token, environment, language, registeredAt: clock.now() };
    await store.savePushToken(saved, hash("sha256", token, "base64"));
    return saved;
  }

  /** Forgets where the viewer's device is reached, through one vendor or through all. @throws Refusal RATE_LIMITED */
  async function unregister(viewer: Viewer, vendor: PushVendor | null): Promise<void> {
    limitChanges(core, viewer);
    await store.deletePushTokens(viewer.userId, viewer.deviceId, vendor);
  }

  function preferences(viewer: Viewer): Promise<PushPreferences> {
    return store.pushPreferences(viewer.userId);
  }

  /** What is left out stays as it is. @throws Refusal RATE_LIMITED, INVALID_CONTENT */
  async function updatePreferences(viewer: Viewer, change: PreferencesChange): Promise<PushPreferences> {
    limitChanges(core, viewer);
    const { preview, quietHours, muteSeconds } = change;
    if (quietHours != null) checkQuietHours(quietHours);
    if (muteSeconds !== undefined && (muteSeconds < 0 || muteSeconds > LONGEST_MUTE_SECONDS)) {
      throw invalid("muteSeconds", `It is 0 to ${LONGEST_MUTE_SECONDS} seconds.`);
    }
    const until = muteSeconds === 0 ? null : clock.now() + (muteSeconds ?? 0) * 1_000;
    return store.changePushPreferences(viewer.userId, {
      ...(preview === undefined ? {} : { preview }),
      ...(quietHours === undefined ? {} : { quietHours }),
      ...(muteSeconds === undefined ? {} : { mutedUntil: until }),
    });
  }

  /**
   * Sends a test to a user's device, or to all of them, at once, and gives what the vendors say.
   * @throws Refusal FORBIDDEN, USER_NOT_FOUND
   */
  async function test(viewer: Viewer, user: UserId, deviceId: string | null): Promise<readonly TestedPush[]> {
    requireAdmin(viewer, "`testPush`");
    const userId = subjectOf(viewer, user);
    await store.recordAudit(
      auditEntry(core, viewer, "testPush", userId, deviceId === null ? "all devices" : `device ${deviceId}`),
    );
    const tokens = await store.pushTokens(userId, deviceId);
    return Promise.all(
      tokens.map(async ({ vendor, token, environment, deviceId: device, language }) => {
        const channel = channels.find((each) => each.vendor === vendor);
        if (channel === undefined) return { vendor, outcome: "misconfigured", reason: "not configured" } as const;
        const notification = testNotification(userId, device, language, clock.now());
        const { kind, reason } = await channel.send({ token, environment }, notification);
        return { vendor, outcome: kind, reason };
      }),
    );
  }

  /** What became of a user's pushes, the newest first, 200 at most. @throws Refusal FORBIDDEN, USER_NOT_FOUND */
  async function report(viewer: Viewer, user: UserId, limit: number): Promise<readonly PushRecord[]> {
    requireAdmin(viewer, "`pushReport`");
    const userId = subjectOf(viewer, user);
    await recordLook(core, viewer, "pushReport", userId, `the last ${limit}`);
    return store.pushRecords(userId, Math.max(1, Math.min(limit, MOST_RECORDS)));
  }

  /** Queues again what was given up. @returns how many @throws Refusal FORBIDDEN */
  async function retry(viewer: Viewer, vendor: PushVendor | null): Promise<number> {
    requireAdmin(viewer, "`retryPushes`");
    const audit = auditEntry(core, viewer, "retryPushes", null, vendor ?? "all vendors");
    const now = clock.now();
    const revived = await store.revivePushes(vendor, now, now + (core.push?.lifetimeMs ?? 0), audit);
    core.push?.expect(now);
    return revived;
  }

  return {
    register,
    unregister,
    preferences,
    updatePreferences,
    test,
    report,
    retry,
    /** Vendors that this server pushes through; asked by whoever has a token. */
    vendors: (_viewer: Viewer): readonly PushVendor[] => channels.map(({ vendor }) => vendor),
    tokens: (userId: UserId, deviceId: string) => store.pushTokens(userId, deviceId),
    count: () => store.countPushes(),
  };
}
