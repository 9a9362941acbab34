/** Backups of the living store, which admins ask for: one at a time, and how the last ones went. */
import { auditEntry, recordLook } from "./audit.ts";
import { type Copying, NameTaken } from "./copying.ts";
import type { Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import type { UserId } from "./model.ts";
import { requireAdmin, type Viewer } from "./viewer.ts";

/** How many are remembered, until the server stops. */
const REMEMBERED = 10;
/** Of a file and nothing else: no folder, nothing hidden, and none that the store itself uses. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,91}\.sqlite$/;

export type BackupState = "COPYING" | "VERIFYING" | "DONE" | "FAILED";

export interface Backup {
  readonly name: string;
  readonly state: BackupState;
  readonly startedBy: UserId;
  readonly startedAt: number;
  /** How long it took, or has taken so far. */
  readonly seconds: number;
  readonly copiedBytes: number;
  /** Of the file in the end; before that as far as is known. */
  readonly sizeBytes: number;
  /** Why it failed; else null. */
  readonly failure: string | null;
}

/** What operators alarm on. */
export interface BackupObserver {
  /** @param at when it was begun: all that was acknowledged before is in it */
  backedUp(at: number, bytes: number, seconds: number): void;
  backupFailed(error: unknown): void;
}

/** One that was begun, as it is whenever it is looked at. */
type Begun = () => Backup;

function nameAt(instant: number): string {
  return `parley-${new Date(instant).toISOString().replaceAll(/[:.]/g, "-")}.sqlite`;
}

export type Backups = ReturnType<typeof createBackups>;

export function createBackups(core: Core) {
  /** Newest first. */
  let begun: readonly Begun[] = [];
  /** The name of the one that is under way. */
  let running: string | null = null;

  function follow(viewer: Viewer, name: string, copying: Copying): Begun {
    const { clock, observer } = core;
    const startedAt = clock.now();
    const started = clock.monotonic();
    const secondsSoFar = () => (clock.monotonic() - started) / 1_000;
    const shared = { name, startedBy: viewer.userId, startedAt };
    let ended: Backup | null = null;

    function current(): Backup {
      const { copied, total, verifying } = copying.progress();
      const state = verifying ? "VERIFYING" : "COPYING";
      return { ...shared, state, seconds: secondsSoFar(), copiedBytes: copied, sizeBytes: total, failure: null };
    }

    copying.finished.then(
      (bytes) => {
        ended = { ...current(), state: "DONE", copiedBytes: bytes, sizeBytes: bytes };
        running = null;
        observer.backedUp(startedAt, bytes, ended.seconds);
      },
      (error: unknown) => {
        ended = { ...current(), state: "FAILED", failure: error instanceof Error ? error.message : String(error) };
        running = null;
        observer.backupFailed(error);
      },
    );
    return () => ended ?? current();
  }

  return {
    /**
     * Begins a backup. What was acknowledged before is in it.
     * @param wantedName of the file; null: a name with the instant
     * @throws Refusal FORBIDDEN, INVALID_CONTENT for a name that is malformed or taken, RATE_LIMITED while there is one
     * @throws NotWritten where there is no place for backups, or none that can be written
     */
    async begin(viewer: Viewer, wantedName: string | null | undefined): Promise<Backup> {
      requireAdmin(viewer, "`backUp`");
      const name = wantedName ?? nameAt(core.clock.now());
      if (!NAME.test(name)) {
        const reason = "It is the name of a file: A-Z a-z 0-9 _ - . up to 99, a letter or digit first, .sqlite last.";
        throw new Refusal("INVALID_CONTENT", reason, { field: "name" });
      }
      if (running !== null) {
        throw new Refusal(
          "RATE_LIMITED",
          `There is one backup at a time: wait for ${running}, which \`backups\` shows.`,
        );
      }
      running = name;
      const copying = await core.store.backUp(name).catch((error: unknown) => {
        running = null;
        if (!(error instanceof NameTaken)) throw error;
        throw new Refusal("INVALID_CONTENT", error.message, { field: "name" });
      });
      const backup = follow(viewer, name, copying);
      begun = [backup, ...begun].slice(0, REMEMBERED);
      const asBegun = backup();
      try {
        await core.store.recordAudit(auditEntry(core, viewer, "backUp", null, name));
      } catch (error) {
        copying.giveUp();
        throw error;
      }
      return asBegun;
    },

    /** The newest since the server was started that is done; null: none is. */
    lastDone: (): Backup | null => begun.map((backup) => backup()).find(({ state }) => state === "DONE") ?? null,

    /**
     * The newest since the server was started, newest first. A look at what others began is recorded.
     * @throws Refusal FORBIDDEN
     */
    async list(viewer: Viewer, name: string | null | undefined): Promise<readonly Backup[]> {
      requireAdmin(viewer, "`backups`");
      const list = begun.map((backup) => backup()).filter((backup) => name == null || backup.name === name);
      const others = list.filter(({ startedBy }) => startedBy !== viewer.userId);
      if (others.length > 0) await recordLook(core, viewer, "backups", null, others.map((one) => one.name).join(" "));
      return list;
    },
  };
}
