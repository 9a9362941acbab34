/** Lets all that a turn of the event loop sends to a socket leave in one write, which is what sending costs most. */
import type { Duplex } from "node:stream";

let corked: Duplex[] = [];

function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  for (const socket of sockets) socket.uncork();
}

/** To be called before each write. */
export function corkForThisTurn(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  if (corked.length === 0) process.nextTick(uncorkAll);
  socket.cork();
  corked.push(socket);
}
