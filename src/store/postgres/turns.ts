/**
 * Who holds the same takes turns, within this process: those who wait here take no connection, so that two who write to
 * each other all the time leave some to everybody else.
 */
export interface Turns {
  /** Resolves once nobody who came before holds any of these; gives what lets go of them. */
  take(names: readonly string[]): Promise<() => void>;
}

export function createTurns(): Turns {
  const last = new Map<string, Promise<void>>();

  return {
    async take(names) {
      let letGo = () => {};
      const over = new Promise<void>((resolve) => {
        letGo = resolve;
      });
      // All are asked for at once, so whoever came earlier is earlier everywhere, and nobody waits in a circle.
      const before = names.flatMap((name) => last.get(name) ?? []);
      for (const name of names) last.set(name, over);
      await Promise.all(before);
      return () => {
        for (const name of names) if (last.get(name) === over) last.delete(name);
        letGo();
      };
    },
  };
}
