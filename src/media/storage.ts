/** Where media lies: what the engine asks of it, and the ways in and out for bytes. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { MediaFiles, VariantName } from "../engine/media.ts";

/** What comes in: an upload's bytes, one after the other, in as many pieces as it takes. */
export interface Incoming {
  /** Begins an upload of so many bytes, from nothing. */
  begin(id: string, size: number): Promise<void>;
  /**
   * Adds bytes behind the first `offset` of them, which are all that have come.
   * @returns how many have come then
   * @throws Error where it broke off; what came before is kept as far as it can be
   */
  write(id: string, offset: number, bytes: Readable): Promise<number>;
  /** Bytes that have come; null where it has never begun. */
  received(id: string): Promise<number | null>;
  /** Removes what has come. */
  forget(id: string): Promise<void>;
}

/** Something that is asked for, and what is said of it. */
export interface Wanted {
  readonly id: string;
  readonly variant: VariantName;
  readonly contentType: string;
  readonly disposition: string;
  /** Seconds that it may be had for. */
  readonly maxAge: number;
}

export type Served = "sent" | "missing" | "no such range";

export interface MediaStorage extends MediaFiles {
  readonly incoming: Incoming;
  /** Answers a GET or HEAD with what is there, in ranges and under conditions; what is not there has no answer yet. */
  serve(request: IncomingMessage, response: ServerResponse, wanted: Wanted): Promise<Served>;
}
