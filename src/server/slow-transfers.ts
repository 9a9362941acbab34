/** Files take as long as a link is slow: what ends them is that nothing moves, not how long they take. */
import { type IncomingMessage, type Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

const STALLED_MS = 60_000;
const REQUEST_TIMEOUT = "ERR_HTTP_REQUEST_TIMEOUT";
const STATUS_OF: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  [REQUEST_TIMEOUT]: "408 Request Timeout",
};

const slow = new WeakSet<Duplex>();

/** Whether there is an answer on its way, into which another one must not be written. */
function isAnswering(socket: Duplex): boolean {
  const response: unknown = Reflect.get(socket, "_httpMessage");
  return response instanceof ServerResponse && response.headersSent;
}

/**
 * This request and its answer may take their time.
 * @param stalledMs milliseconds in which something must move
 */
export function allowTime({ socket }: IncomingMessage, response: ServerResponse, stalledMs = STALLED_MS): void {
  const cutOff = () => socket.destroy();
  slow.add(socket);
  socket.setTimeout(stalledMs);
  socket.on("timeout", cutOff);
  response.once("close", () => {
    slow.delete(socket);
    socket.setTimeout(0);
    socket.off("timeout", cutOff);
  });
}

/** Keeps the server's own time limit for requests off those that may take their time; for all others it holds. */
export function spareSlowTransfers(server: Server): void {
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === REQUEST_TIMEOUT && slow.has(socket)) return;
    // As Node answers where nobody listens.
    const status = STATUS_OF[error.code ?? ""] ?? "400 Bad Request";
    if (socket.writable && error.code !== "ECONNRESET" && !isAnswering(socket)) {
      socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy(error);
  });
}
