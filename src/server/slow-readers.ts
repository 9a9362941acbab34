/** Finds sockets whose reader stands still: bytes wait for them, and none leave. */
import type { Socket } from "node:net";

export interface SlowReaders {
  /** Calls `cutOff` once the socket has stood still for too long; the returned function stops watching it. */
  watch(socket: Socket, cutOff: () => void): () => void;
  stop(): void;
}

interface Watched {
  readonly socket: Socket;
  readonly cutOff: () => void;
  /** Bytes that had gone to the network when they last moved, and when that was. */
  sent: number;
  since: number;
}

/** @param limitMs how long a reader may stand still; measured with the monotonic clock */
export function watchSlowReaders(limitMs: number): SlowReaders {
  const all = new Set<Watched>();

  function look(): void {
    const now = performance.now();
    for (const watched of all) {
      const { socket } = watched;
      // Node counts what is still queued as written.
      const sent = socket.bytesWritten - socket.writableLength;
      if (socket.writableLength === 0 || sent !== watched.sent) {
        watched.sent = sent;
        watched.since = now;
      } else if (now - watched.since >= limitMs) {
        all.delete(watched);
        watched.cutOff();
      }
    }
  }

  const timer = setInterval(look, limitMs / 4);
  timer.unref();
  return {
    watch(socket, cutOff) {
      const watched: Watched = { socket, cutOff, sent: 0, since: performance.now() };
      all.add(watched);
      return () => {
        all.delete(watched);
      };
    },
    stop: () => clearInterval(timer),
  };
}
