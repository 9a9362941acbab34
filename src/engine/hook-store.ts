/** The store's interface for hooks: what waits for each of them, and what was given up. */
import type { ToldEvent } from "./event-store.ts";
import type { HookDelivery } from "./hooks/hook.ts";
import type { AuditEntry } from "./model.ts";

export type HookStep =
  | { readonly step: "done" }
  | { readonly step: "later"; readonly dueAt: number; readonly reason: string }
  | { readonly step: "dead"; readonly reason: string };

export interface HookRecord extends HookDelivery {
  readonly dead: boolean;
  /** When it is tried next. */
  readonly dueAt: number;
  /** Why it was not taken when it was last tried; null before that. */
  readonly reason: string | null;
}

export interface HookCount {
  readonly hook: string;
  readonly dead: boolean;
  readonly count: number;
  /** When the oldest of them began to wait. */
  readonly oldestAt: number;
}

export interface HookStore {
  /**
   * Queues events for hooks, and moves their reader on, in one transaction. Gives false, and does nothing, where the
   * reader is not at `after` any more: another server has been faster.
   */
  queueDeliveries(
    wanted: readonly { readonly hook: string; readonly event: ToldEvent }[],
    read: { readonly after: number; readonly upTo: number },
    now: number,
  ): Promise<boolean>;
  /**
   * Takes what is due, and of what is about the same two people the oldest alone, until an instant after which
   * somebody else may take it.
   */
  claimDeliveries(hook: string, now: number, until: number, limit: number): Promise<readonly HookDelivery[]>;
  /** What waits behind one that is done, or given up, is due then. One that was taken again since stays as it is. */
  settleDelivery(delivery: Pick<HookDelivery, "id" | "attempts">, step: HookStep, now: number): Promise<void>;
  /** When the next of a hook's is due; null where none waits. */
  nextDeliveryAt(hook: string): Promise<number | null>;
  /** Makes what somebody had taken, who is no more, due at once. */
  releaseDeliveries(now: number): Promise<void>;
  /** The oldest first. */
  deliveries(hook: string | null, dead: boolean, limit: number): Promise<readonly HookRecord[]>;
  /** Queues again what is dead. @returns how many */
  reviveDeliveries(hook: string | null, now: number, audit: AuditEntry): Promise<number>;
  countDeliveries(): Promise<readonly HookCount[]>;
}
