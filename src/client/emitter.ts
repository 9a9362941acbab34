/** Typed events. A listener that throws harms neither the others nor the SDK. */
export function callSafely(call: () => void): void {
  try {
    call();
  } catch (error) {
    // As browsers report what an event listener throws.
    if (typeof globalThis.reportError === "function") globalThis.reportError(error);
    else console.error(error);
  }
}

type Listeners<Events> = { [Name in keyof Events]?: Set<(event: Events[Name]) => void> };

export class Emitter<Events> {
  #listeners: Listeners<Events> = {};

  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners: Set<(event: Events[Name]) => void> = this.#listeners[name] ?? new Set();
    this.#listeners[name] = listeners;
    // Wrapped, so that the same function may listen twice.
    const own = (event: Events[Name]) => listener(event);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    // Those that are there now: a listener may add others.
    for (const listener of Array.from(this.#listeners[name] ?? [])) callSafely(() => listener(event));
  }

  /** Nobody is told anything any more. */
  close(): void {
    this.#listeners = {};
  }
}
