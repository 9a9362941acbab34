/** A bar on a terminal that tells how far a command is; nothing where standard error is none. */

const WIDTH = 30;
const EVERY_MS = 100;

/** Where it is shown, if that is a terminal. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** @param done of the total; @param text what to say beside the bar */
  show(done: number, text: string): void;
  /** Takes the bar away, so that something else can be said. */
  clear(): void;
}

/** Digits with commas between the thousands. */
export function counted(count: number): string {
  return count.toLocaleString("en-US");
}

/** @param total of what is to be done, as far as is known; 0: nothing is known */
export function createProgress(terminal: Terminal, total: () => number): Progress {
  if (!terminal.isTTY) return { show() {}, clear() {} };
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    show(done, text) {
      const now = performance.now();
      if (now - shownAt < EVERY_MS) return;
      shownAt = now;
      const share = total() === 0 ? 0 : Math.min(done / total(), 1);
      const full = Math.round(share * WIDTH);
      const bar = `${"█".repeat(full)}${"░".repeat(WIDTH - full)}`;
      terminal.write(`\r\u001b[K${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${text}`);
    },
    clear() {
      terminal.write("\r\u001b[K");
      shownAt = Number.NEGATIVE_INFINITY;
    },
  };
}
