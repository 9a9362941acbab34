/** Lets all that a turn of the event loop sends to a socket leave in one write. */
import type { Socket } from "node:net";

let corked: Socket[] = [];

function uncorkAll(): void {
  const sockets = corked;
  corked = [];
  for (const socket of sockets) socket.uncork();
}

export function corkForThisTurn(socket: Socket): void {
  if (socket.writableCorked > 0) return;
  if (corked.length === 0) process.nextTick(uncorkAll);
  socket.cork();
  corked.push(socket);
}
