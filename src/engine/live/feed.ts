/** The iterator under every subscription. */

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/**
 * It is level-triggered: a wake-up says that there may be something, never what, so that any number of them cost one
 * look; the feed then pulls until there is nothing left. Nothing is queued for a reader that does not read.
 *
 * It is written by hand because an async generator cannot be ended while it waits: its `return()` stands in line
 * behind the pending `next()` (https://github.com/enisdenjo/graphql-ws/discussions/653). It is a class, and waits with
 * one promise alone, since each device that is online has some.
 */
export abstract class Feed<T> implements AsyncIterableIterator<T, undefined> {
  /** Those who have asked for an event, in their order. */
  readonly #waiting: Waiting<T>[] = [];
  #awake = true;
  #pulling = false;
  #ended = false;

  /** Gives the next event, or null when there is none for now. */
  protected abstract pull(): Promise<T | null>;
  /** Called once, however the feed ends. */
  protected abstract left(): void;

  /** There may be something to pull. */
  wake(): void {
    this.#awake = true;
    if (this.#waiting.length > 0 && !this.#pulling) void this.#pullAll();
  }

  /** Ends it: whoever waits is answered, and so is whoever asks later. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve({ value: undefined, done: true });
    this.left();
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#awake && !this.#pulling) void this.#pullAll();
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    this.end();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Answers those who wait, until nobody does or there is nothing more. */
  async #pullAll(): Promise<void> {
    this.#pulling = true;
    try {
      while (this.#awake && this.#waiting.length > 0) {
        this.#awake = false;
        const event = await this.pull();
        if (event === null) continue;
        this.#awake = true;
        this.#waiting.shift()?.resolve({ value: event, done: false });
      }
    } catch (error) {
      this.#waiting.shift()?.reject(error);
      this.end();
    } finally {
      this.#pulling = false;
    }
  }
}
