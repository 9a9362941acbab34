/**
 * Which messages an update has told of while a question was under way: the answer may have been read before, so that
 * of these the update counts.
 */
export class Ticks {
  readonly #noted = new Map<string, number>();
  #now = 0;
  #asking = 0;

  note(peer: string, seq: number): void {
    if (this.#asking === 0) return;
    this.#now += 1;
    this.#noted.set(`${seq} ${peer}`, this.#now);
  }

  /** Runs a question and what is done with its answer, with a test for messages that were updated meanwhile. */
  async during<T>(work: (isOutdated: (peer: string, seq: number) => boolean) => Promise<T>): Promise<T> {
    const began = this.#now;
    this.#asking += 1;
    try {
      return await work((peer, seq) => (this.#noted.get(`${seq} ${peer}`) ?? 0) > began);
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) this.#noted.clear();
    }
  }
}
