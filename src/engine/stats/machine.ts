/** What the engine is told of the machine that it runs on; it knows no files and no processes itself. */

/** In bytes; null: nobody can say. */
export interface StorageSizes {
  readonly database: number | null;
  /** Of the write-ahead log. */
  readonly log: number | null;
  /** Null also where nothing is searched. */
  readonly searchIndex: number | null;
  /** Free on the disk of the data. */
  readonly free: number | null;
}

/** How late the event loop was, in milliseconds, over the last one to two minutes. */
export interface LoopDelay {
  readonly p99: number;
  readonly max: number;
}

export interface Machine {
  /** Of the server. */
  readonly version: string;
  sizes(): Promise<StorageSizes>;
  loopDelay(): LoopDelay;
}

/** Of an engine that nobody has told of one. */
export const UNKNOWN_MACHINE: Machine = {
  version: "unknown",
  sizes: async () => ({ database: null, log: null, searchIndex: null, free: null }),
  loopDelay: () => ({ p99: 0, max: 0 }),
};
