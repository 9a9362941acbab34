import { request } from "node:http";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { examplesFor } from "../src/server/graphiql-examples.ts";
import { type App, startApp } from "./support/app.ts";
import { openSse } from "./support/sse.ts";

function openPage(app: App, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(app.url, { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8", ...headers } });
}

/** The opening tags of the scripts that a browser would run: what stands inside a script is none. */
function scriptTags(html: string): string[] {
  return [...html.matchAll(/(<script\b[^>]*>)[\s\S]*?<\/script>/g)].map(([, tag = ""]) => tag);
}

test("a browser that opens the endpoint gets GraphiQL", async () => {
  const app = await startApp();
  const response = await openPage(app);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect((await response.text()).includes("<title>Parley</title>")).toBe(true);
});

test("nothing on the page comes from elsewhere", async () => {
  const app = await startApp();
  const html = await (await openPage(app)).text();
  const head = html.replace(/<script\b[^>]*>[\s\S]*<\/script>/, "").replace(/<style\b[^>]*>[\s\S]*?<\/style>/g, "");
  const fetched = [...head.matchAll(/\b(?:src|href|action|srcset)\s*=\s*["']?([^"'\s>]+)/g)].map(([, url]) => url);
  expect(fetched.filter((url) => !/^(data:|#)/.test(url ?? ""))).toEqual([]);
  // Nine megabytes: compared as yes or no, lest a failure print them.
  expect(/(?:fetch|importScripts|import)\(\s*["'`]https?:/.test(html)).toBe(false);
  expect(/@import\s+(?:url\()?["']?https?:|url\(\s*["']?https?:/.test(html)).toBe(false);
});

test("its policy lets its own scripts run, talk to this server, and nothing else", async () => {
  const app = await startApp();
  const response = await openPage(app);
  const policy = response.headers.get("content-security-policy") ?? "";
  const rules = new Map(policy.split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1).join(" ")]));
  expect(rules.get("default-src")).toBe("'none'");
  expect(rules.get("connect-src")).toBe("'self'");
  for (const name of ["base-uri", "form-action", "frame-ancestors"]) expect(rules.get(name)).toBe("'none'");
  const nonce = /^'nonce-([A-Za-z0-9+/=]{22,})'$/.exec(rules.get("script-src") ?? "")?.[1];
  expect(nonce).toBeDefined();
  const tags = scriptTags(await response.text());
  expect(tags.length).toBeGreaterThan(0);
  expect(new Set(tags)).toEqual(new Set([`<script nonce="${nonce}">`]));
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
});

test("who has the page already is not sent it again", async () => {
  const app = await startApp();
  const first = await openPage(app);
  const etag = first.headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[^"]+"$/);
  const again = await openPage(app, { "if-none-match": etag });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
  expect((await openPage(app, { "if-none-match": '"another"' })).status).toBe(200);
});

/** A GET that leaves the body as it came: fetch would unpack it. */
function rawPage(app: App, acceptEncoding: string): Promise<{ encoding: string | undefined; body: Buffer }> {
  return new Promise((resolve, reject) => {
    const headers = { accept: "text/html", "accept-encoding": acceptEncoding };
    request(app.url, { headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () =>
        resolve({ encoding: response.headers["content-encoding"], body: Buffer.concat(pieces) }),
      );
    })
      .on("error", reject)
      .end();
  });
}

test("the page is packed for browsers that unpack it, and the same unpacked", async () => {
  const app = await startApp();
  const [plain, packed] = [await rawPage(app, "identity"), await rawPage(app, "gzip, deflate, br")];
  expect(plain.encoding).toBeUndefined();
  expect(packed.encoding).toBe("gzip");
  expect(packed.body.length).toBeLessThan(plain.body.length / 2);
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
});

test("clients that want JSON get no page", async () => {
  const app = await startApp();
  const response = await fetch(`${app.url}?query={__typename}`, { headers: { accept: "application/json" } });
  expect(await response.json()).toEqual({ data: { __typename: "Query" } });
});

test("switched off, there is no page", async () => {
  const app = await startApp({ graphiql: false });
  const response = await openPage(app);
  expect(response.headers.get("content-type")).not.toContain("html");
  expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
});

/** What the page is opened with. */
async function optionsOf(app: App): Promise<{ headers: string; defaultTabs: unknown }> {
  const html = await (await openPage(app)).text();
  return JSON.parse(/renderYogaGraphiQL\([^{]*(\{.*\}),\s*\);\s*<\/script>/.exec(html)?.[1] ?? "{}");
}

test("the page opens with a place for the token and all tabs", async () => {
  const options = await optionsOf(await startApp());
  expect(Object.keys(JSON.parse(options.headers))).toEqual(["Authorization"]);
  expect(options.defaultTabs).toEqual(examplesFor(false));
});

test("where tokens for development are given it says that it is signed in; elsewhere it asks for none", async () => {
  const app = await startApp({ developmentTokens: true });
  expect((await optionsOf(app)).defaultTabs).toEqual(examplesFor(true));
  expect(examplesFor(true)).not.toEqual(examplesFor(false));
  const html = await (await openPage(await startApp())).text();
  expect(html.includes("/development/token")).toBe(false);
});

const examples = examplesFor(true);
const tabs = examples.map(({ query, variables }): [string, string, object] => {
  const name = /(?:query|mutation|subscription) (\w+)/.exec(query)?.[1] ?? "a tab without a name";
  return [name, query, JSON.parse(variables) as object];
});

test.each(tabs.filter(([, query]) => !query.includes("subscription ")))(
  "the tab %s runs as it is, asked by an admin",
  async (_, query, variables) => {
    const app = await startApp();
    await app.people("alice", "bob");
    const anna = await app.admin();
    const { data, errors } = await anna.ask(query, variables);
    expect(errors).toBeUndefined();
    for (const value of Object.values(data ?? {})) {
      expect(value).not.toBeNull();
      expect(value).not.toHaveProperty("code");
    }
  },
);

test.each(tabs.filter(([, query]) => query.includes("subscription ")))(
  "the tab %s runs as it is, over what GraphiQL subscribes with",
  async (_, query, variables) => {
    const app = await startApp();
    const [alice] = await app.people("alice", "bob");
    const anna = await app.admin();
    const stream = await openSse(anna, query, variables);
    await alice.send("anna", "for the admin");
    expect(await stream.next()).toMatchObject({
      event: "next",
      data: { data: { newMessage: { message: { content: { summary: "for the admin" } } } } },
    });
  },
);

test("there are tabs to send, to send as somebody, to give notice, for history and to subscribe", () => {
  const all = examples.map(({ query, variables }) => query + variables).join("\n");
  for (const part of ["sendMessage", '"sendAs"', '"notice"', "history(", "subscription"]) expect(all).toContain(part);
});
