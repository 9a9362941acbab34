/** Who is logged in: the device's access token, and how it stays good. */
import { ParleyError, toParleyError } from "./errors.ts";
import { Login, Logout, type Platform, RenewSession } from "./generated.ts";
import { post } from "./http.ts";

export interface Credentials {
  readonly url: string;
  readonly user: string;
  /** A fresh JWT of the app's for this user; asked for again whenever one is needed. */
  readonly token: () => Promise<string> | string;
  readonly deviceId: string;
  readonly platform: Platform;
}

interface Access {
  readonly token: string;
  /** By this machine's clock. */
  readonly expiresAt: number;
}

/** Renewed when this part of its life is left, and not later than this long before its end. */
const RENEW_AT = 0.2;
const RENEW_BEFORE_MS = 60_000;

export class Session {
  readonly #credentials: Credentials;
  #access: Access | null = null;

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  async #appToken(): Promise<string> {
    try {
      return await this.#credentials.token();
    } catch (error) {
      throw toParleyError(error, "OFFLINE");
    }
  }

  /** An access token that is good now; logs in where there is none. */
  async accessToken(): Promise<string> {
    if (this.#access !== null && this.#access.expiresAt > Date.now()) return this.#access.token;
    const { url, user, deviceId, platform } = this.#credentials;
    const { login } = await post(url, await this.#appToken(), Login, { input: { deviceId, platform } });
    if (login === null) throw new ParleyError("UNKNOWN", "The server did not say who logged in.");
    if (login.viewer.id !== user) {
      throw new ParleyError("WRONG_USER", `The token is for ${login.viewer.id}, and ${user} is to log in.`);
    }
    return this.#keep(login);
  }

  #keep({ accessToken, expiresAt }: { readonly accessToken: string; readonly expiresAt: string }): string {
    this.#access = { token: accessToken, expiresAt: Date.parse(expiresAt) };
    return accessToken;
  }

  /** Milliseconds until it is time to renew. */
  get renewInMs(): number {
    const left = (this.#access?.expiresAt ?? 0) - Date.now();
    return Math.max(1_000, left - Math.max(RENEW_BEFORE_MS, left * RENEW_AT));
  }

  /** Prolongs the session, on its living connections too. */
  async renew(): Promise<void> {
    const access = await this.accessToken();
    const { renewSession } = await post(this.#credentials.url, access, RenewSession, { token: await this.#appToken() });
    if (renewSession !== null) this.#keep(renewSession);
  }

  /** The access token is not good any more: the next one is made from a fresh token of the app's. */
  forget(): void {
    this.#access = null;
  }

  async logout(): Promise<void> {
    if (this.#access === null) return;
    const { token } = this.#access;
    this.#access = null;
    await post(this.#credentials.url, token, Logout, {});
  }
}
