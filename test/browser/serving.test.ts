import { expect, test } from "vitest";
import { type App, startApp } from "../support/app.ts";

function get(app: App, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(new URL(path, app.url), { headers });
}

/** The addresses of what the page loads. */
async function assetsOf(app: App): Promise<string[]> {
  const html = await (await get(app, "/")).text();
  return [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = ""]) => address);
}

test("the page and its assets come with their types, and nothing of them from elsewhere", async () => {
  const app = await startApp({ chat: true });
  const page = await get(app, "/");
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  const assets = await assetsOf(app);
  expect(assets.filter((address) => !address.startsWith("/assets/"))).toEqual([]);
  const types = await Promise.all(assets.map(async (path) => (await get(app, path)).headers.get("content-type")));
  expect(new Set(types)).toEqual(
    new Set(["text/javascript; charset=utf-8", "text/css; charset=utf-8", "image/svg+xml"]),
  );
});

test("assets are kept for good, the page is asked for each time", async () => {
  const app = await startApp({ chat: true });
  const [asset = ""] = await assetsOf(app);
  expect((await get(app, asset)).headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  const page = await get(app, "/");
  expect(page.headers.get("cache-control")).toBe("no-cache");
  const again = await get(app, "/", { "if-none-match": page.headers.get("etag") ?? "" });
  expect(again.status).toBe(304);
});

test("its policy lets nothing run but its own files, and nobody frame it", async () => {
  const app = await startApp({ chat: true });
  const { headers } = await get(app, "/");
  const policy = headers.get("content-security-policy") ?? "";
  const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1).join(" ")]));
  expect(rules.get("default-src")).toBe("'none'");
  for (const name of ["script-src", "style-src", "connect-src"]) expect(rules.get(name)).toBe("'self'");
  for (const name of ["base-uri", "form-action", "frame-ancestors"]) expect(rules.get(name)).toBe("'none'");
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("x-frame-options")).toBe("DENY");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  const html = await (await get(app, "/")).text();
  expect(html).not.toMatch(/<style|<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=/);
});

test("other paths and methods are what they were", async () => {
  const app = await startApp({ chat: true });
  for (const path of ["/assets", "/index.html", "/chat", "/../package.json", "/%2e%2e/package.json"]) {
    const response = await get(app, path);
    expect([response.status, await response.text()]).toEqual([404, "Nothing here. GraphQL is at /graphql.\n"]);
  }
  const missing = await get(app, "/assets/../../main.js");
  expect(missing.status).toBe(404);
  expect((await get(app, "/assets/..%2findex.html")).status).toBe(404);
  const posted = await fetch(new URL("/", app.url), { method: "POST" });
  expect(posted.status).toBe(404);
});

test("switched off, there is no page", async () => {
  const app = await startApp({ chat: false });
  expect((await get(app, "/")).status).toBe(404);
});

test("the page says whether there are tokens for it", async () => {
  const tell = async (app: App) =>
    /name="parley-development" content="([^"]+)"/.exec(await (await get(app, "/")).text());
  expect((await tell(await startApp({ chat: true })))?.[1]).toBe("no-tokens");
  expect((await tell(await startApp({ chat: true, developmentTokens: true })))?.[1]).toBe("tokens");
});
