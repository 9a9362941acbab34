import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { build } from "vite";
import { expect, onTestFinished, test } from "vitest";
import { startApp } from "../support/app.ts";
import { NetworkProxy } from "../support/proxy.ts";
import { hashOf, ticketFor } from "../support/uploads.ts";
import { describeInBrowser, openPage } from "./support.ts";

const MIB = 1024 * 1024;

/** The page's script, in one piece. */
async function bundle(): Promise<string> {
  const entry = resolve(import.meta.dirname, "uppy-page.ts");
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: { write: false, lib: { entry, formats: ["es"] } },
  });
  const [output] = Array.isArray(built) ? built : [built];
  const chunk = output !== undefined && "output" in output ? output.output[0] : undefined;
  if (chunk?.type !== "chunk") throw new Error("the page was not built");
  return chunk.code;
}

/** Serves the page at an origin of its own. @returns that */
async function servePage(): Promise<string> {
  const script = await bundle();
  const server = createServer((request, response) => {
    if (request.url === "/page.js") response.setHeader("Content-Type", "text/javascript").end(script);
    else
      response
        .setHeader("Content-Type", "text/html")
        .end('<!doctype html><script type="module" src="page.js"></script>');
  });
  onTestFinished(() => void server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describeInBrowser("Uppy", () => {
  test("uploads from another origin, and goes on where the connection broke", async () => {
    const origin = await servePage();
    const app = await startApp({ allowedOrigins: [origin] });
    const proxy = new NetworkProxy(() => app.port);
    await proxy.listen();
    onTestFinished(() => proxy.close());
    const [alice, bob] = await app.people("alice", "bob");
    const bytes = Buffer.from(Uint8Array.from({ length: 12 * MIB }, (_, index) => index % 251));
    const { upload, endpoint, ticket } = await ticketFor(alice, "FILE", bytes.length);
    const page = await openPage();
    await page.goto(origin);
    await page.waitForFunction(() => "uploadWithUppy" in window);
    proxy.fates.push(...Array.from({ length: 3 }, () => ({ cutAfterUp: 5 * MIB })));
    const [at, size] = [new URL(endpoint, proxy.url).href, bytes.length];
    const trouble = await page.evaluate(([at, ticket, size]) => window.uploadWithUppy(at, ticket, size), [
      at,
      ticket,
      size,
    ] as const);
    expect(trouble).toBeNull();
    expect(proxy.cuts).toBeGreaterThan(0);
    await alice.send("bob", { file: { upload: upload.id } });
    const { history } = await bob.get(
      '{ history(peer: "alice", last: 1) { nodes { content { ... on FileContent { url } } } } }',
    );
    const answer = await fetch(new URL(history.nodes[0].content.url, app.url));
    expect(hashOf(await answer.arrayBuffer())).toBe(hashOf(bytes));
  });
});
