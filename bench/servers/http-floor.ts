/** The least that a send over HTTP can be: JSON in, one row in a group commit, JSON out. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { keepInFile } from "./keep.ts";

const keeper = keepInFile(join(process.argv[2] ?? ".", "floor.sqlite"));

const server = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const message = JSON.parse(Buffer.concat(parts).toString()) as { key: string; to: string; text: string };
    keeper.keep({ from: "somebody", ...message }, (seq) => {
      const body = JSON.stringify({ stored: message.key, seq });
      response
        .writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) })
        .end(body);
    });
  });
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`listening on ${(server.address() as AddressInfo).port}\n`);
});
