/**
 * Who is connected to which server, as a hint: it is noted some time after somebody has come or gone, and holds for as
 * long as the server goes on saying that it runs. Delivery does not go by it.
 */
import type { Clock } from "../clock.ts";
import type { UserId } from "../model.ts";
import type { Store } from "../store.ts";

/** Milliseconds: how long a server is believed to run, and between two notes of who has come and gone. */
const LEASE_MS = 60_000;
const NOTE_EVERY_MS = 500;

export interface PresenceOptions {
  readonly store: Pick<Store, "reportServer" | "notePresences" | "isPresent" | "signOff">;
  readonly clock: Clock;
  readonly serverId: string;
  /** Users who are connected here. */
  readonly connected: () => readonly UserId[];
  readonly failed: (error: unknown) => void;
}

export interface Presence {
  /** A user has come to this server, or is no more connected to it. */
  changed(userId: UserId, present: boolean): void;
  /** Says that this server runs: to be called at least twice a minute. */
  report(): Promise<void>;
  /** Whether a user is connected to another server. */
  isPresent(userId: UserId): Promise<boolean>;
  /** Says that nobody is connected here any more. */
  close(): Promise<void>;
}

export async function startPresence(options: PresenceOptions): Promise<Presence> {
  const { store, clock, serverId, connected, failed } = options;
  let changes = new Map<UserId, boolean>();
  let closed = false;
  let cancelNote: (() => void) | null = null;
  let working: Promise<void> = Promise.resolve();

  function after(work: () => Promise<void>): Promise<void> {
    working = working.then(work).catch(failed);
    return working;
  }

  async function note(): Promise<void> {
    const noted = changes;
    changes = new Map();
    const of = (present: boolean) => [...noted].flatMap(([id, now]) => (now === present ? [id] : []));
    try {
      await store.notePresences(serverId, of(true), of(false));
    } catch (error) {
      // What has changed since is newer.
      changes = new Map([...noted, ...changes]);
      scheduleNote();
      throw error;
    }
  }

  function scheduleNote(): void {
    if (closed || cancelNote !== null || changes.size === 0) return;
    cancelNote = clock.after(NOTE_EVERY_MS, () => {
      cancelNote = null;
      void after(note);
    });
  }

  async function report(): Promise<void> {
    if (await store.reportServer(serverId, clock.now(), clock.now() + LEASE_MS)) return;
    // It could not say so for too long, and was taken for gone, with all who are connected to it.
    for (const userId of connected()) changes.set(userId, true);
    scheduleNote();
  }

  await report();
  return {
    changed(userId, present) {
      changes.set(userId, present);
      scheduleNote();
    },
    report,
    isPresent: (userId) => store.isPresent(userId, serverId, clock.now()),
    async close() {
      closed = true;
      cancelNote?.();
      await after(() => store.signOff(serverId));
    },
  };
}
