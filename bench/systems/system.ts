/** What is measured: servers that carry messages between two users, each behind the same few words. */

/** A user's connection that is logged in and in step. */
export interface Client {
  /** Sends a text; `onStored` is called once the server says that it has it. */
  send(to: string, text: string, onStored: () => void): void;
  /** Does what a client does that has kept all it was handed, such as acknowledging it. */
  settle(): Promise<void>;
  /** Resolves once the server can have noticed. */
  close(): Promise<void>;
}

/** A server in one life, with data of its own. */
export interface RunningSystem {
  /** The processes whose processor time and memory count, with all that they start. */
  readonly pids: readonly number[];
  /**
   * Logs a user in, whatever that takes, and resolves once the connection is in step: what waited for the user has
   * been handed to `onMessage`, or is about to be.
   */
  connect(user: string, onMessage: (text: string) => void): Promise<Client>;
  stop(): Promise<void>;
}

export interface System {
  readonly name: string;
  /** What an answered send has behind it; printed with the figures. */
  readonly durability: string;
  /** Starts it with empty data in this folder. */
  start(folder: string): Promise<RunningSystem>;
}
