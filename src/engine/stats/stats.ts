/** Statistics of the server, for admins: how many are there, how much is sent, what waits, and what is stored. */
import type { Backup, Backups } from "../backups.ts";
import { type Core, erasuresNow } from "../core.ts";
import type { HookState } from "../hooks/hooks.ts";
import type { PushVendor } from "../push/channel.ts";
import type { PushState } from "../push/model.ts";
import type { PushCount } from "../push-store.ts";
import { requireAdmin, type Viewer } from "../viewer.ts";
import { type Census, createCounting } from "./census.ts";
import type { LoopDelay, Machine, StorageSizes } from "./machine.ts";
import { thrifty } from "./thrift.ts";
import type { Traffic } from "./traffic.ts";

/** Pushes through one vendor. */
export interface PushQueue {
  readonly vendor: PushVendor;
  readonly states: readonly { readonly state: PushState; readonly count: number; readonly oldestAt: number }[];
  /** Why nothing goes through it; null where something does. */
  readonly broken: string | null;
}

export interface RetentionStats {
  /** Before which nothing is kept: the sweeper erases it. */
  readonly keptSince: number;
  /** Null where there is no message. */
  readonly oldestMessageAt: number | null;
  /** For how long the oldest message should have been gone; 0: it should not. */
  readonly overdueSeconds: number;
}

export interface ServerStats {
  /** When this was so. */
  readonly at: number;
  readonly startedAt: number;
  readonly version: string;
  readonly usersOnline: number;
  readonly connections: number;
  readonly subscriptions: number;
  readonly messagesPerMinute: readonly number[];
  /** Null while it is counted for the first time. */
  readonly stored: Census | null;
  readonly sizes: StorageSizes;
  readonly retention: RetentionStats;
  readonly pushes: readonly PushQueue[];
  readonly hooks: readonly HookState[];
  /** The newest since the start that is done. */
  readonly lastBackup: Backup | null;
  readonly clockDoubted: boolean;
  readonly loopDelay: LoopDelay;
}

export interface StatsSources {
  readonly machine: Machine;
  readonly traffic: Traffic;
  readonly backups: Pick<Backups, "lastDone">;
  readonly hooks: () => Promise<readonly HookState[]>;
  /** Through whom messages are pushed. */
  readonly vendors: readonly PushVendor[];
  readonly broken: () => ReadonlyMap<PushVendor, string>;
}

function queueOf(vendor: PushVendor, counts: readonly PushCount[], broken: ReadonlyMap<PushVendor, string>): PushQueue {
  const states = counts.filter((count) => count.vendor === vendor);
  return { vendor, states, broken: broken.get(vendor) ?? null };
}

export function createStats(core: Core, { machine, traffic, backups, hooks, vendors, broken }: StatsSources) {
  const { store, clock, connections, timekeeper } = core;
  const startedAt = clock.now();
  const counting = createCounting(core, traffic);
  const countPushes = thrifty(clock, () => store.countPushes());
  const countHooks = thrifty(clock, hooks);

  async function retention(): Promise<RetentionStats> {
    const keptSince = erasuresNow(core).erased;
    const oldestMessageAt = await store.oldestMessageAt();
    const overdueMs = oldestMessageAt === null ? 0 : Math.max(0, keptSince - oldestMessageAt);
    return { keptSince, oldestMessageAt, overdueSeconds: Math.floor(overdueMs / 1_000) };
  }

  async function pushQueues(): Promise<readonly PushQueue[]> {
    const counts = await countPushes();
    const reasons = broken();
    // What waits for one that was taken away stays until its time is over.
    const all = new Set([...vendors, ...counts.map(({ vendor }) => vendor)]);
    return [...all].map((vendor) => queueOf(vendor, counts, reasons));
  }

  return {
    /**
     * The server as it is. It says nothing of anybody, so that no look is recorded: a page asks every few seconds.
     * @throws Refusal FORBIDDEN
     */
    async serverStats(viewer: Viewer): Promise<ServerStats> {
      requireAdmin(viewer, "`serverStats`");
      const [stored, sizes, kept, pushes, hookStates] = await Promise.all([
        counting.read(),
        machine.sizes(),
        retention(),
        pushQueues(),
        countHooks(),
      ]);
      return {
        at: clock.now(),
        startedAt,
        version: machine.version,
        usersOnline: connections.userCount,
        connections: connections.count,
        subscriptions: connections.subscriptionCount,
        messagesPerMinute: traffic.perMinute(),
        stored,
        sizes,
        retention: kept,
        pushes,
        hooks: hookStates,
        lastBackup: backups.lastDone(),
        clockDoubted: timekeeper.believed() === null,
        loopDelay: machine.loopDelay(),
      };
    },
  };
}
