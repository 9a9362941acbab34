/** How an HTTP server stops: answers go out, and nobody who stays connected holds it up. */
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** What is still open after this long is cut off. */
const CLOSE_DEADLINE_MS = 5_000;

/** To be called before it listens. The result stops listening, lets answers go out, and cuts off what is left at the deadline. */
export function closerOf(server: Server): () => Promise<void> {
  // Those that were upgraded Node forgets, and waits for all the same.
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  return () =>
    new Promise((resolve) => {
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const deadline = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, CLOSE_DEADLINE_MS);
      server.close(() => {
        clearInterval(idle);
        clearTimeout(deadline);
        resolve();
      });
      server.closeIdleConnections();
    });
}
