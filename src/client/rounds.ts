/** Work that runs one round at a time, and once more where it is asked for meanwhile. */

export class Rounds {
  readonly #round: () => Promise<void>;
  #wanted = false;
  #running: Promise<void> | null = null;

  /** @param round does all that there is to do; it does not reject */
  constructor(round: () => Promise<void>) {
    this.#round = round;
  }

  /** Resolves when a round that began after this call has ended, and nothing more is wanted. */
  run(): Promise<void> {
    this.#wanted = true;
    this.#running ??= this.#all();
    return this.#running;
  }

  /** Resolves when no round runs. */
  async over(): Promise<void> {
    await this.#running;
  }

  async #all(): Promise<void> {
    while (this.#wanted) {
      this.#wanted = false;
      await this.#round();
    }
    // In the turn of the last look: a moment later whoever asked would be told that it runs, and it would not.
    this.#running = null;
  }
}
