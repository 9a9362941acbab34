/** Notifications while the app is closed: where this device is reached, and what the user wants of them. */
import type { Connection } from "./connection.ts";
import { ParleyError } from "./errors.ts";
import {
  type PushPreferencesFragment,
  PushPreferencesNow,
  type PushVendor,
  RegisterPushToken,
  type RegisterPushTokenInput,
  RemovePushTokens,
  UpdatePushPreferences,
  type UpdatePushPreferencesInput,
} from "./generated.ts";

export type PushPreferences = PushPreferencesFragment;

function given<T>(value: T | null): T {
  if (value === null) throw new ParleyError("UNKNOWN", "The server gave no answer.");
  return value;
}

/** All of them ask the server; each throws a ParleyError, OFFLINE where there is no connection. */
export class Notifications {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Has this device pushed to while the app is closed. Call it at each start, and when the vendor gives another token.
   * @example chat.notifications.register({ vendor: "WEB_PUSH", token: JSON.stringify(subscription) })
   */
  async register(input: Omit<RegisterPushTokenInput, "environment"> & Partial<RegisterPushTokenInput>): Promise<void> {
    given((await this.#connection.ask(RegisterPushToken, { input })).registerPushToken);
  }

  /** Has nothing pushed to this device any more; `logout` does so too. */
  async remove(vendor: PushVendor | null = null): Promise<void> {
    given((await this.#connection.ask(RemovePushTokens, { input: { vendor } })).removePushTokens);
  }

  /** What the user wants of notifications, on all devices. */
  async preferences(): Promise<PushPreferences> {
    return given((await this.#connection.ask(PushPreferencesNow, {})).pushPreferences);
  }

  /** Changes what is given, and leaves the rest as it is. */
  async update(input: UpdatePushPreferencesInput): Promise<PushPreferences> {
    return given((await this.#connection.ask(UpdatePushPreferences, { input })).updatePushPreferences).pushPreferences;
  }
}
