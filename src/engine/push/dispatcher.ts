/** Sends what waits: takes it when it is due, as much of each vendor's as that takes now, and has it tried. */
import { nextTurn } from "../clock.ts";
import type { Core } from "../core.ts";
import { createAttempts } from "./attempt.ts";
import type { PushChannel, PushVendor } from "./channel.ts";
import { createLane, type Lane } from "./lane.ts";
import type { PendingPush, PushPreview } from "./model.ts";

/**
 * Milliseconds after which somebody else may take what somebody has begun: more than a vendor may take to answer to two
 * requests for a token and two to send.
 */
const LEASE_MS = 60_000;
/** Milliseconds after which what is due is looked for, even if nobody has said that there is something. */
const LOOK_AGAIN_MS = 10_000;

export interface DispatcherOptions {
  readonly channels: readonly PushChannel[];
  /** At most so much of messages is shown. */
  readonly preview: PushPreview;
}

export interface Dispatcher {
  /** Something will be due then. */
  expect(at: number): void;
  /** Why a vendor is not tried; by vendor, of those that are not. */
  broken(): ReadonlyMap<PushVendor, string>;
  /** Resolves when nothing is being taken or sent. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export function createDispatcher(core: Core, { channels, preview }: DispatcherOptions): Dispatcher {
  const { store, clock, observer } = core;
  const attempt = createAttempts(core, preview);
  const vendors = channels.map(({ vendor }) => vendor);
  const lanes = new Map<PushVendor, Lane>(
    channels.map(({ vendor, concurrency }) => [vendor, createLane(clock, concurrency)]),
  );
  const running = new Set<Promise<void>>();
  let stopped = false;
  let wakesAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};

  function start(channel: PushChannel, lane: Lane, pending: PendingPush): void {
    lane.begin();
    // What could not be settled is taken again when its lease is over.
    const done = attempt(channel, lane, pending)
      .catch((error: unknown) => observer.pushFailed(error))
      .then(() => {
        lane.end();
        running.delete(done);
        if (!stopped) wake();
      });
    running.add(done);
  }

  async function pump(): Promise<void> {
    for (const channel of channels) {
      const lane = lanes.get(channel.vendor);
      for (let free = lane?.free() ?? 0; lane !== undefined && free > 0 && !stopped; free = lane.free()) {
        const now = clock.now();
        const { taken, acknowledged } = await store.claimPushes(channel.vendor, now, now + LEASE_MS, free);
        if (acknowledged > 0) observer.pushed(channel.vendor, "skipped", acknowledged);
        for (const pending of taken) start(channel, lane, pending);
        if (taken.length < free && acknowledged === 0) break;
      }
    }
    if (stopped) return;
    const now = clock.now();
    const ready = vendors.filter((vendor) => (lanes.get(vendor)?.free() ?? 0) > 0);
    const next = await store.nextPushAt(ready, now);
    const pauses = [...lanes.values()].map((lane) => lane.pauseMs()).filter((ms) => ms > 0);
    wakeAt(Math.min(next ?? Number.POSITIVE_INFINITY, now + Math.min(LOOK_AGAIN_MS, ...pauses)));
  }

  let pumping: Promise<void> | null = null;
  let again = false;

  /** Looks for what is due; once more afterwards where it was called meanwhile. */
  function wake(): void {
    if (stopped) return;
    if (pumping !== null) {
      again = true;
      return;
    }
    cancel();
    wakesAt = Number.POSITIVE_INFINITY;
    pumping = pump()
      .catch((error: unknown) => {
        observer.pushFailed(error);
        wakeAt(clock.now() + LOOK_AGAIN_MS);
      })
      .then(() => {
        pumping = null;
        if (!again) return;
        again = false;
        wake();
      });
  }

  function wakeAt(at: number): void {
    if (stopped || at >= wakesAt) return;
    wakesAt = at;
    cancel();
    cancel = clock.at(at, wake);
  }

  if (channels.length > 0) wakeAt(clock.now());
  return {
    expect: wakeAt,
    broken() {
      const all = [...lanes].flatMap(([vendor, { broken }]) => (broken === null ? [] : [[vendor, broken] as const]));
      return new Map(all);
    },
    async settled() {
      // A wake-up that is due may not have begun yet.
      for (let idle = 0; idle < 3; ) {
        await (pumping ?? Promise.all(running));
        await nextTurn();
        idle = pumping === null && running.size === 0 ? idle + 1 : 0;
      }
    },
    async close() {
      stopped = true;
      cancel();
      await pumping;
      await Promise.all(channels.map((channel) => channel.close()));
      await Promise.all(running);
    },
  };
}
