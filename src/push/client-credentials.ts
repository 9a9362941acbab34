/** Access tokens as OAuth 2.0 has them: for an app's id and secret (RFC 6749, section 4.4), and how any is answered. */
import { z } from "zod";
import type { Clock } from "../engine/clock.ts";
import { type Answer, form, type Http, retryAfter } from "../outgoing/http.ts";
import { type Fetched, NoToken } from "./access-token.ts";
import { failed, misconfigured } from "./outcomes.ts";

const HOUR_SECONDS = 3_600;

const tokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().catch(HOUR_SECONDS),
});

/** What a service has answered to who asked for an access token. @throws NoToken */
export function readAccessToken(answer: Answer, now: number): Fetched {
  const read = tokenAnswer.safeParse(answer.json);
  if (answer.status === 200 && read.success) {
    return { token: read.data.access_token, lifetimeMs: read.data.expires_in * 1_000 };
  }
  const reason = `no access token: ${answer.status}`;
  const isOurs = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  throw new NoToken(isOurs ? misconfigured(reason) : failed(reason, retryAfter(answer, now)));
}

/**
 * Asks for an access token with an app's id and secret.
 * @throws NoToken
 */
export async function fetchWithSecret(
  http: Http,
  clock: Clock,
  url: string,
  clientId: string,
  clientSecret: string,
): Promise<Fetched> {
  const fields = { grant_type: "client_credentials", client_id: clientId, client_secret: clientSecret };
  const { headers, body } = form(fields);
  return readAccessToken(await http.post(url, headers, body), clock.now());
}
