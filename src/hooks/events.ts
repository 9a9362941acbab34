/** Tells the app of events over HTTP. Whatever is answered with 2xx was taken. */
import type { Clock } from "../engine/clock.ts";
import type { EventHook } from "../engine/hooks/hook.ts";
import { retryAfter } from "../outgoing/http.ts";
import { type HooksConfig, kindsOf } from "./config.ts";
import { openEndpoint, reasonOf } from "./endpoint.ts";
import { EVENT_TYPES } from "./event-types.ts";

export function openEventHook(config: HooksConfig["events"][number], clock: Clock): EventHook {
  const { name, types, concurrency, timeoutMs } = config;
  const endpoint = openEndpoint(config.endpoint, timeoutMs, clock);
  return {
    name,
    kinds: kindsOf(types),
    concurrency,
    timeoutMs,
    async deliver({ id, kind, at, data }) {
      try {
        const answer = await endpoint.post(id, EVENT_TYPES[kind], at, data);
        if (answer.status >= 200 && answer.status < 300) return null;
        return { reason: `status ${answer.status}`, retryAfterMs: retryAfter(answer, clock.now()) };
      } catch (error) {
        return { reason: reasonOf(error), retryAfterMs: null };
      }
    },
    close: endpoint.close,
  };
}
