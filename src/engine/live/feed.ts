/**
 * The iterator under every subscription. It is level-triggered: a wake-up says that there may be something, never
 * what, so that any number of them cost one look; the feed then pulls until there is nothing left. Nothing is
 * queued for a reader that does not read.
 *
 * It is written by hand because an async generator cannot be ended while it waits: its `return()` stands in line
 * behind the pending `next()` (https://github.com/enisdenjo/graphql-ws/discussions/653).
 */
export interface Feed<T> extends AsyncIterableIterator<T> {
  /** There may be something to pull. */
  wake(): void;
  /** Ends it: the pending `next()` answers, and so does each later one. */
  end(): void;
}

/**
 * @param pull gives the next event, or null when there is none for now
 * @param onEnd called once, however it ends
 */
export function createFeed<T>(pull: () => Promise<T | null>, onEnd: () => void): Feed<T> {
  let ended = false;
  let awake = true;
  let stir: (() => void) | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  function wake(): void {
    awake = true;
    stir?.();
    stir = null;
  }

  function end(): void {
    if (ended) return;
    ended = true;
    wake();
    onEnd();
  }

  async function advance(): Promise<IteratorResult<T>> {
    while (!ended) {
      if (!awake) {
        await new Promise<void>((resolve) => {
          stir = resolve;
        });
        continue;
      }
      awake = false;
      const event = await pull();
      if (event !== null && !ended) {
        awake = true;
        return { value: event, done: false };
      }
    }
    return { value: undefined, done: true };
  }

  const feed: Feed<T> = {
    next() {
      const result = turn.then(advance);
      turn = result.catch(end);
      return result;
    },
    return() {
      end();
      return Promise.resolve({ value: undefined, done: true });
    },
    throw(error) {
      end();
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]: () => feed,
    wake,
    end,
  };
  return feed;
}
