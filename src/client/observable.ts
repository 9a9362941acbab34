/** Snapshots that tell when they change: what React's `useSyncExternalStore(o.subscribe, o.getSnapshot)` takes. */
import { callSafely } from "./emitter.ts";

export interface Observable<T> {
  /** The same object until something in it changes; it is never changed itself. */
  readonly getSnapshot: () => T;
  /** Calls back after each change; the returned function stops. */
  readonly subscribe: (listener: () => void) => () => void;
}

export class Value<T> implements Observable<T> {
  #snapshot: T;
  readonly #listeners = new Set<() => void>();

  constructor(initial: T) {
    this.#snapshot = initial;
  }

  readonly getSnapshot = (): T => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    // Wrapped, so that the same function may subscribe twice.
    const own = () => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  };

  get observed(): boolean {
    return this.#listeners.size > 0;
  }

  set(next: T): void {
    if (Object.is(next, this.#snapshot)) return;
    this.#snapshot = next;
    // Those that are there now: a listener may add others.
    for (const listener of Array.from(this.#listeners)) callSafely(listener);
  }
}

/** Resolves once the snapshot passes the test. */
export function until<T>(observable: Observable<T>, test: (snapshot: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    let stop = () => {};
    const look = () => {
      const snapshot = observable.getSnapshot();
      if (!test(snapshot)) return false;
      stop();
      resolve(snapshot);
      return true;
    };
    if (!look()) stop = observable.subscribe(look);
  });
}
