/** Opens the app's hooks that are configured. */
import type { Clock } from "../engine/clock.ts";
import type { HookSetup } from "../engine/hooks/hook.ts";
import { openBeforeSend } from "./before-send.ts";
import type { HooksConfig } from "./config.ts";
import { openEventHook } from "./events.ts";

export function openHooks({ beforeSend, events, lifetimeHours }: HooksConfig, clock: Clock): HookSetup {
  return {
    beforeSend: beforeSend === undefined ? null : openBeforeSend(beforeSend, clock),
    events: events.map((hook) => openEventHook(hook, clock)),
    lifetimeMs: lifetimeHours * 3_600_000,
  };
}
