import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { allowTime, spareSlowTransfers } from "../src/server/slow-transfers.ts";

/** A server of impatient limits: what goes to /files may take its time, as long as something moves. */
async function serve(stalledMs: number): Promise<number> {
  const server = createServer({ requestTimeout: 200, connectionsCheckingInterval: 20 }, (request, response) => {
    if (request.url === "/files") allowTime(request, response, stalledMs);
    if (request.url === "/early") response.write("begun");
    request.resume().on("end", () => response.end("all has come"));
    request.on("error", () => {});
  });
  spareSlowTransfers(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Sends one byte of a request of two. */
function begin(port: number, path: string): Socket {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n1`);
  return socket;
}

test("a slow request is given up at the server's limit; one of a file goes on to its end", async () => {
  const port = await serve(60_000);
  const file = begin(port, "/files");
  await once(file, "connect");
  const answers = [text(begin(port, "/graphql")), text(begin(port, "/other"))];
  for (const answer of answers) expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
  file.write("2");
  expect(await text(file)).toMatch(/^HTTP\/1\.1 200 .*all has come/s);
});

test("a file of which nothing comes any more is given up", async () => {
  const file = begin(await serve(100), "/files");
  expect(await text(file)).toBe("");
});

test("into an answer that has begun no other one is written", async () => {
  const answer = await text(begin(await serve(60_000), "/early"));
  expect(answer).toContain("begun");
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});
