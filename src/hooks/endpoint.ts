/**
 * Signed requests to one URL of the app's, after Standard Webhooks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): HMAC-SHA256 over the
 * id, the second and the body.
 */
import { createHmac } from "node:crypto";
import type { Clock } from "../engine/clock.ts";
import { type Answer, createHttp } from "../outgoing/http.ts";
import { publicLookup } from "../outgoing/public-addresses.ts";
import type { EndpointConfig } from "./config.ts";

export interface Endpoint {
  /**
   * @param id the same for the same event, whenever it is sent
   * @throws Error where there is no answer within the time
   */
  post(id: string, type: string, at: number, data: object): Promise<Answer>;
  close(): Promise<void>;
}

function signature(secrets: readonly Buffer[], id: string, seconds: number, body: string): string {
  const sign = (secret: Buffer) => createHmac("sha256", secret).update(`${id}.${seconds}.${body}`).digest("base64");
  return secrets.map((secret) => `v1,${sign(secret)}`).join(" ");
}

export function openEndpoint(
  { url, secrets, internal, ca }: EndpointConfig,
  timeoutMs: number,
  clock: Clock,
): Endpoint {
  const http = createHttp({ ca, timeoutMs, lookup: internal ? undefined : publicLookup() });
  const keys = secrets.map((secret) => Buffer.from(secret.slice("whsec_".length), "base64"));
  return {
    post(id, type, at, data) {
      const seconds = Math.floor(clock.now() / 1_000);
      const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data });
      const headers = {
        "content-type": "application/json",
        "user-agent": "Parley",
        "webhook-id": id,
        "webhook-timestamp": String(seconds),
        "webhook-signature": signature(keys, id, seconds, body),
      };
      return http.post(url, headers, body);
    },
    close: () => http.close(),
  };
}

/** Why nothing usable came, in words for a log: nothing of what was sent. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return "no answer in time";
  const code = "code" in error ? String(error.code) : error.name;
  return error.message === "" ? code : `${code}: ${error.message}`.slice(0, 200);
}
