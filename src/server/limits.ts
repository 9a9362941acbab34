/** What the server takes at most, and from whom: docs/settings.md says what each is for. */
import type { UserLimits } from "../engine/core.ts";
import { DEFAULT_USER_LIMITS } from "../engine/engine.ts";

export interface Limits extends UserLimits {
  /** Requests and new WebSockets of an address, per second; 0: no limit. */
  readonly addressRate: number;
  /** WebSockets and SSE streams of an address; 0: no limit. */
  readonly connectionsPerAddress: number;
  /** TCP connections of all. */
  readonly connections: number;
  /** WebSockets that have not authenticated yet, of all. */
  readonly waitingConnections: number;
  /** How long one may take to begin to, in milliseconds. */
  readonly initTimeoutMs: number;
  /** Operations under way on one WebSocket, subscriptions included. */
  readonly operationsPerConnection: number;
  /** Of one WebSocket message. The default holds 12 KiB with every character escaped, and its document. */
  readonly frameBytes: number;
  /** Of one HTTP request. */
  readonly bodyBytes: number;
  readonly documentTokens: number;
  /** How long a reader may stand still, in milliseconds. */
  readonly slowReaderMs: number;
  /** What may wait for one WebSocket's reader. */
  readonly unreadBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  ...DEFAULT_USER_LIMITS,
  addressRate: 0,
  connectionsPerAddress: 0,
  connections: 20_000,
  waitingConnections: 1_000,
  initTimeoutMs: 3_000,
  operationsPerConnection: 1_000,
  frameBytes: 128 * 1024,
  bodyBytes: 256 * 1024,
  documentTokens: 4_000,
  // Less than the keep-alive takes to find a silent socket, so that a slow reader hears why.
  slowReaderMs: 10_000,
  unreadBytes: 16 * 1024 * 1024,
};
