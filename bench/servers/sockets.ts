/** Bare `ws` that answers each text with a text. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

export function serveSockets(answer: (text: string) => string): void {
  const http = createServer();
  const server = new WebSocketServer({ server: http });
  server.on("connection", (socket) => {
    socket.on("message", (data) => socket.send(answer(String(data))));
  });
  http.listen(0, "127.0.0.1", () => {
    process.stdout.write(`listening on ${(http.address() as AddressInfo).port}\n`);
  });
}
