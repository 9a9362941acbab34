/** Trying again what may pass: a server that is restarted, a connection that was cut. */
import { setTimeout as pause } from "node:timers/promises";
import { Unreachable } from "./api.ts";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 8_000;
/** Times in a row that nothing comes of it. */
const MOST_FAILURES = 8;

export interface Patience {
  /** The server is there. */
  answered(): void;
  /** Something came of it: the next failure is the first again. */
  progress(): void;
  /** Waits before another try. @throws the error where it does not pass, or has come too often */
  after(error: unknown): Promise<void>;
}

/** Somebody who has not got through once is told at once. */
export function createPatience(): Patience {
  let begun = false;
  let failures = 0;
  return {
    answered() {
      begun = true;
    },
    progress() {
      begun = true;
      failures = 0;
    },
    async after(error) {
      failures += 1;
      if (!(error instanceof Unreachable) || !begun || failures > MOST_FAILURES) throw error;
      await pause(Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS));
    },
  };
}
