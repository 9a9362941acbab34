/**
 * Tells the app's hooks what has happened: each event to each hook that wants it, at least once, what is about the same
 * two people in its order. What is not taken is tried again, later and later, and given up at the end of its time.
 */
import { nextTurn } from "../clock.ts";
import type { Core } from "../core.ts";
import type { StoredEvent } from "../event-store.ts";
import { type Follower, followEvents, type Handled } from "../events.ts";
import type { HookStep } from "../hook-store.ts";
import type { EventHook, HookDelivery, HookSetup } from "./hook.ts";
import { hookEvent } from "./hook-event.ts";

/** Milliseconds after which somebody else may take what somebody has begun, beyond what the hook may take. */
const LEASE_MS = 60_000;
const LOOK_AGAIN_MS = 10_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 600_000;
const BATCH = 200;
/** Failures in a row after which a hook is tried with one delivery at a time. */
const PATIENCE = 5;

export interface Deliveries {
  /** Something has happened. */
  wake(): void;
  /** Something is due. */
  look(): void;
  /** Resolves when nothing is being queued, taken or delivered that is due. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Between half of it and all. */
function jittered(ms: number): number {
  return Math.round(ms * (0.5 + Math.random() / 2));
}

interface Lane {
  readonly hook: EventHook;
  running: number;
  failures: number;
}

export async function startDeliveries(core: Core, { events: hooks, lifetimeMs }: HookSetup): Promise<Deliveries> {
  const { store, clock, observer } = core;
  const lanes = hooks.map((hook): Lane => ({ hook, running: 0, failures: 0 }));
  const running = new Set<Promise<void>>();
  let closed = false;
  let wakesAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};

  function stepAfter(delivery: HookDelivery, failure: Awaited<ReturnType<EventHook["deliver"]>>): HookStep {
    if (failure === null) return { step: "done" };
    const { reason, retryAfterMs } = failure;
    const pauseMs = jittered(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(delivery.attempts, 20)));
    const ms = Math.max(pauseMs, Math.min(retryAfterMs ?? 0, LONGEST_PAUSE_MS));
    // Of the clock that may be ahead, so that one that jumps gives nothing up.
    const isLate = core.timekeeper.earliest() + ms >= delivery.queuedAt + lifetimeMs;
    return isLate ? { step: "dead", reason } : { step: "later", dueAt: clock.now() + ms, reason };
  }

  async function deliver(lane: Lane, delivery: HookDelivery): Promise<void> {
    const { hook } = lane;
    const failure = await hook.deliver(await hookEvent(core, delivery.event));
    if (closed && failure !== null) return;
    lane.failures = failure === null ? 0 : lane.failures + 1;
    const step = stepAfter(delivery, failure);
    await store.settleDelivery(delivery, step, clock.now());
    observer.hookDelivered(hook.name, step.step === "done" ? "taken" : step.step === "dead" ? "dead" : "delayed");
    if (failure !== null) observer.hookFailed(hook.name, failure.reason);
  }

  function start(lane: Lane, delivery: HookDelivery): void {
    lane.running += 1;
    // What could not be settled is taken again when its lease is over.
    const done = deliver(lane, delivery)
      .catch((error: unknown) => observer.followingFailed("hooks", error))
      .then(() => {
        lane.running -= 1;
        running.delete(done);
        look();
      });
    running.add(done);
  }

  async function pump(): Promise<void> {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of lanes) {
      const most = lane.failures < PATIENCE ? lane.hook.concurrency : 1;
      const free = most - lane.running;
      if (free > 0 && !closed) {
        const now = clock.now();
        const taken = await store.claimDeliveries(lane.hook.name, now, now + lane.hook.timeoutMs + LEASE_MS, free);
        for (const delivery of taken) start(lane, delivery);
      }
      // Who is at the most it takes looks again at the end of one.
      if (lane.running < most) next = Math.min(next, (await store.nextDeliveryAt(lane.hook.name)) ?? next);
    }
    wakeAt(Math.min(next, clock.now() + LOOK_AGAIN_MS));
  }

  let pumping: Promise<void> | null = null;
  let again = false;

  /** Looks for what is due; once more afterwards where it was called meanwhile. */
  function look(): void {
    if (closed) return;
    if (pumping !== null) {
      again = true;
      return;
    }
    wakesAt = Number.POSITIVE_INFINITY;
    cancel();
    pumping = pump()
      .catch((error: unknown) => {
        observer.followingFailed("hooks", error);
        wakeAt(clock.now() + LOOK_AGAIN_MS);
      })
      .then(() => {
        pumping = null;
        if (!again) return;
        again = false;
        look();
      });
  }

  function wakeAt(at: number): void {
    if (closed || at >= wakesAt) return;
    wakesAt = at;
    cancel();
    cancel = clock.at(at, look);
  }

  async function queue(events: readonly StoredEvent[], after: number): Promise<Handled> {
    const told = events.flatMap(({ kind, ...event }) => (kind === "imported" ? [] : [{ ...event, kind }]));
    const wanted = told.flatMap((event) =>
      hooks.filter(({ kinds }) => kinds.has(event.kind)).map(({ name }) => ({ hook: name, event })),
    );
    const upTo = events.at(-1)?.id ?? after;
    const queued = await store.queueDeliveries(wanted, { after, upTo }, clock.now());
    look();
    return queued ? "passed" : "moved";
  }

  // What another server has taken is its own until the lease is over.
  if (!store.shared) await store.releaseDeliveries(clock.now());
  const follower: Follower = await followEvents(core, {
    name: "hooks",
    restMs: LOOK_AGAIN_MS,
    batch: BATCH,
    handle: queue,
  });
  follower.wake();
  wakeAt(clock.now());

  return {
    wake: follower.wake,
    look,
    async settled() {
      await follower.catchUp();
      for (let idle = 0; idle < 3; ) {
        await (pumping ?? Promise.all(running));
        await nextTurn();
        idle = pumping === null && running.size === 0 ? idle + 1 : 0;
      }
    },
    async close() {
      closed = true;
      cancel();
      await follower.close();
      await pumping;
      await Promise.all(hooks.map((hook) => hook.close()));
      await Promise.all(running);
    },
  };
}
