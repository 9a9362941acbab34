/**
 * A relay on bare `ws`: no GraphQL, no tokens, no rules. With a keeper that inserts, it is the floor that Parley is
 * compared with.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { corkForThisTurn } from "./cork.ts";
import type { Carried, Keeper } from "./keep.ts";

/** What clients send: who they are, or a message. */
type Frame = { readonly hello: string } | { readonly key: string; readonly to: string; readonly text: string };

/** Serves on a free port and prints it. */
export function serveRelay(keeper: Keeper): void {
  const sockets = new Map<string, { socket: WebSocket; net: Socket }>();

  function give(user: string, message: Carried, seq: number): void {
    const online = sockets.get(user);
    if (online === undefined) return;
    corkForThisTurn(online.net);
    online.socket.send(JSON.stringify({ message: seq, from: message.from, text: message.text }));
  }

  function accept(socket: WebSocket, net: Socket): void {
    let user = "";

    function answer(frame: object): void {
      corkForThisTurn(net);
      socket.send(JSON.stringify(frame));
    }

    socket.on("message", (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      if ("hello" in frame) {
        user = frame.hello;
        sockets.set(user, { socket, net });
        keeper.kept(user, (message, seq) => give(user, message, seq));
        answer({ inStep: true });
        return;
      }
      const message = { from: user, to: frame.to, key: frame.key, text: frame.text };
      keeper.keep(message, (seq) => {
        answer({ stored: message.key, seq });
        give(message.to, message, seq);
      });
    });
    socket.on("close", () => sockets.delete(user));
  }

  const http = createServer();
  const server = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (!(socket instanceof Socket)) throw new Error("an upgrade of something that is no socket");
    server.handleUpgrade(request, socket, head, (client) => accept(client, socket));
  });
  http.listen(0, "127.0.0.1", () => {
    process.stdout.write(`listening on ${(http.address() as AddressInfo).port}\n`);
  });
}
