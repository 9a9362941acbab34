/**
 * What a release leaves to the ones after it: a database, and what its clients knew and were told. Each later version
 * must open the one and go on telling the other.
 */
import type { Data } from "./socket.ts";

/** A question that somebody asked, and the data that came. */
export interface Answer {
  readonly who: string;
  readonly query: string;
  readonly variables: object;
  readonly data: Data;
}

/** What a device is handed when it connects. */
export interface Backlog {
  readonly who: string;
  /** A cursor that it holds. */
  readonly since?: string;
  readonly handed: readonly Data[];
  readonly refreshed: Data;
}

export interface Release {
  readonly version: string;
  /** When it was made; the clock must stand there, or all of it is past its retention. */
  readonly at: number;
  /** By what name each is called here. */
  readonly tokens: Readonly<Record<string, string>>;
  /** That of a device whose session is over. */
  readonly endedToken: string;
  readonly answers: readonly Answer[];
  /** Sends that are made once more. */
  readonly repeats: readonly Answer[];
  readonly backlogs: readonly Backlog[];
  /** Ids of messages that nobody but their sender may see. */
  readonly hidden: readonly string[];
}

export const RELEASES = new URL("../fixtures/", import.meta.url);
