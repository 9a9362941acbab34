/**
 * Of which messages and conversations an event has told while a question was under way: the answer may have been read
 * before, so that of these the event counts.
 */

/** A message, by its seq, or the conversation itself. */
type Subject = number | "conversation";
export type IsOutdated = (peer: string, subject: Subject) => boolean;

export class Ticks {
  readonly #noted = new Map<string, number>();
  #now = 0;
  #asking = 0;

  note(peer: string, subject: Subject): void {
    if (this.#asking === 0) return;
    this.#now += 1;
    this.#noted.set(`${subject} ${peer}`, this.#now);
  }

  /** Runs a question and what is done with its answer, with a test for what was updated meanwhile. */
  async during<T>(work: (isOutdated: IsOutdated) => Promise<T>): Promise<T> {
    const began = this.#now;
    this.#asking += 1;
    try {
      return await work((peer, subject) => (this.#noted.get(`${subject} ${peer}`) ?? 0) > began);
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) this.#noted.clear();
    }
  }
}
