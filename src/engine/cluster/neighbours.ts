/**
 * The other servers on the same store: hears what they tell, and looks into the store for what the bus has lost, seldom
 * while it is well and often while it is not.
 */
import type { Clock } from "../clock.ts";
import type { Rates } from "../rates.ts";
import type { Settings } from "../settings.ts";
import type { Store } from "../store.ts";
import { type Bus, type News, RATE_NAMES, type RateName } from "./bus.ts";
import type { SharedHub } from "./shared-hub.ts";
import type { Standings } from "./standings.ts";

/** Milliseconds between two looks at all that is followed here. */
const LOOK_EVERY_MS = { healthy: 30_000, unhealthy: 2_000 };
/** Milliseconds after which it is looked whether the bus is well. */
const WATCH_EVERY_MS = 1_000;
/** Milliseconds between two times that it is told what users have done, and of how many at once. */
const TELL_USES_EVERY_MS = 200;
const USES = 100;
/** Users who are asked about at once. */
const BATCH = 1_000;

export interface NeighboursOptions {
  readonly store: Pick<Store, "heads" | "loadSettings">;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly hub: SharedHub;
  readonly standings: Standings;
  /** Users who are connected here. */
  readonly connected: () => readonly string[];
  /** Says to the others that this server runs. */
  readonly report: () => Promise<void>;
  readonly rates: Readonly<Record<RateName, Rates>>;
  readonly settingsChanged: (changed: Partial<Settings>) => void;
  /** Asked, at each look, to go on with what servers that are gone have left. */
  readonly heirs: readonly (() => Promise<void>)[];
  readonly failed: (error: unknown) => void;
}

export interface Neighbours {
  /** Looks at everything now. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export function startNeighbours(options: NeighboursOptions): Neighbours {
  const { store, clock, bus, hub, standings, connected, report, rates, settingsChanged, heirs, failed } = options;
  let closed = false;
  let cancel = () => {};
  let cancelUses = () => {};
  let lookedAt = clock.monotonic();
  let looking: Promise<void> | null = null;
  let again = false;
  const running = new Set<Promise<void>>();

  function background(work: Promise<void>): void {
    const done = work.catch(failed).finally(() => running.delete(done));
    running.add(done);
  }

  async function loadSettings(): Promise<void> {
    settingsChanged(await store.loadSettings());
  }

  function told(news: News): void {
    if (closed) return;
    switch (news.kind) {
      case "logs":
        hub.grown(news.ids);
        break;
      case "standings":
        background(standings.look(news.ids));
        break;
      case "settings":
        background(loadSettings());
        break;
      case "uses":
        rates[news.rate].add(news.uses);
        break;
      case "transient":
        hub.receiveTransient(news.to, news.message, news.origin);
        break;
      case "typing":
        hub.receiveTyping(news.to, news.from, news.typing);
        break;
      default:
        news satisfies never;
    }
  }

  async function lookAtAll(): Promise<void> {
    lookedAt = clock.monotonic();
    await report();
    await loadSettings();
    const users = connected();
    for (let from = 0; from < users.length && !closed; from += BATCH) {
      await standings.look(users.slice(from, from + BATCH));
    }
    const followed = hub.followed();
    for (let from = 0; from < followed.length && !closed; from += BATCH) {
      hub.compare(await store.heads(followed.slice(from, from + BATCH)));
    }
    for (const inherit of heirs) if (!closed) await inherit();
  }

  /** Once more afterwards where it was called meanwhile. */
  function look(): Promise<void> {
    if (looking !== null) {
      again = true;
      return looking;
    }
    looking = (async () => {
      do {
        again = false;
        await lookAtAll();
      } while (again && !closed);
    })()
      .catch((error: unknown) => {
        // Soon again: what was told meanwhile could not be read either.
        lookedAt = Number.NEGATIVE_INFINITY;
        throw error;
      })
      .finally(() => {
        looking = null;
      });
    return looking;
  }

  function watch(): void {
    cancel = clock.after(WATCH_EVERY_MS, () => {
      const every = bus.healthy ? LOOK_EVERY_MS.healthy : LOOK_EVERY_MS.unhealthy;
      if (hub.takeFailure() || clock.monotonic() - lookedAt >= every) background(look());
      if (!closed) watch();
    });
  }

  function tellUses(): void {
    cancelUses = clock.after(TELL_USES_EVERY_MS, tellUses);
    for (const rate of RATE_NAMES) {
      const uses = rates[rate].drain();
      for (let from = 0; from < uses.length; from += USES) {
        bus.tell({ kind: "uses", rate, uses: uses.slice(from, from + USES) });
      }
    }
  }

  bus.listen({ told, missed: () => background(look()) });
  watch();
  tellUses();
  return {
    look,
    async close() {
      closed = true;
      cancel();
      cancelUses();
      await bus.close();
      await Promise.all(running);
      await hub.settled();
    },
  };
}
