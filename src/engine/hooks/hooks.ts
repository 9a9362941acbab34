/** Hooks, as admins look at them: what waits for each, what was given up and why, and trying that again. */
import { auditEntry, recordLook } from "../audit.ts";
import type { Core } from "../core.ts";
import { Refusal } from "../errors.ts";
import type { HookCount, HookRecord } from "../hook-store.ts";
import { requireAdmin, type Viewer } from "../viewer.ts";
import type { Deliveries } from "./deliveries.ts";
import type { HookSetup } from "./hook.ts";

const MOST_RECORDS = 200;

/** A hook and its queue. */
export interface HookState {
  readonly name: string;
  readonly waiting: number;
  readonly dead: number;
  /** When the oldest of what waits was queued; null where nothing waits. */
  readonly oldestAt: number | null;
}

function stateOf(name: string, counts: readonly HookCount[]): HookState {
  const of = (dead: boolean) => counts.find((count) => count.hook === name && count.dead === dead);
  return { name, waiting: of(false)?.count ?? 0, dead: of(true)?.count ?? 0, oldestAt: of(false)?.oldestAt ?? null };
}

export function createHooks(core: Core, setup: HookSetup | null, deliveries: Deliveries | null) {
  const { store, clock } = core;
  const names = setup?.events.map(({ name }) => name) ?? [];

  function checkName(name: string | null): void {
    if (name === null || names.includes(name)) return;
    const known = names.length === 0 ? "This server has none." : `There are ${names.join(", ")}.`;
    throw new Refusal("INVALID_CONTENT", `There is no hook ${name}. ${known}`, { field: "hook" });
  }

  return {
    names,
    /** For metrics. */
    count: async (): Promise<readonly HookState[]> => {
      const counts = await store.countDeliveries();
      return names.map((name) => stateOf(name, counts));
    },
    /** The hooks and how much waits for each. @throws Refusal FORBIDDEN */
    async list(viewer: Viewer): Promise<readonly HookState[]> {
      requireAdmin(viewer, "`hooks`");
      await recordLook(core, viewer, "hooks", null, "");
      return this.count();
    },
    /** What waits for a hook or was given up, the oldest first. @throws Refusal FORBIDDEN, INVALID_CONTENT, BAD_USER_INPUT */
    async records(viewer: Viewer, hook: string | null, dead: boolean, limit: number): Promise<readonly HookRecord[]> {
      requireAdmin(viewer, "`hookDeliveries`");
      checkName(hook);
      if (limit < 1 || limit > MOST_RECORDS) {
        throw new Refusal("BAD_USER_INPUT", `\`first\` is ${limit}; it is 1 to ${MOST_RECORDS}.`);
      }
      await recordLook(core, viewer, "hookDeliveries", null, `${hook ?? "all hooks"}, ${dead ? "dead" : "waiting"}`);
      return store.deliveries(hook, dead, limit);
    },
    /** Delivers again what was given up. @returns how many @throws Refusal FORBIDDEN, INVALID_CONTENT */
    async retry(viewer: Viewer, hook: string | null): Promise<number> {
      requireAdmin(viewer, "`retryHooks`");
      checkName(hook);
      const audit = auditEntry(core, viewer, "retryHooks", null, hook ?? "all hooks");
      const revived = await store.reviveDeliveries(hook, clock.now(), audit);
      deliveries?.look();
      return revived;
    },
  };
}
