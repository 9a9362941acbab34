/** Tokens that were altered without the key: none of them speaks for anybody, least of all for an admin. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Change, changed, changes, oddJson, oddText, pick } from "./support/hostile.ts";
import { timeFor } from "./support/scale.ts";
import { besiege, codesOf, type Siege } from "./support/siege.ts";
import type { Result } from "./support/socket.ts";
import { Wire } from "./support/wire.ts";

type Signature = "kept" | "none" | "of another key" | "of no key" | "of the payload alone";

type Altered =
  | { readonly base: number; readonly changes: readonly Change[] }
  | { readonly base: number; readonly header: object; readonly claims: object; readonly signature: Signature }
  | { readonly text: string };

const header = fc.oneof(
  fc.constant({}),
  fc.record({
    alg: fc.constantFrom("none", "None", "HS384", "HS512", "RS256", "ES256", "EdDSA", "", "hs256", null, 256),
  }),
  fc.record({ typ: fc.constantFrom("parley-access+jwt", "JWT", "at+jwt", null, 7) }),
  fc.record({ kid: oddText }),
  fc.record({ crit: fc.constantFrom(["exp"], [], ["b64"], "x"), b64: fc.constant(false) }),
  fc.dictionary(fc.constantFrom("alg", "typ", "jwk", "jku", "x5c", "zip", "__proto__"), oddJson),
);
const claims = fc.oneof(
  fc.constant({}),
  fc.constantFrom<object>(
    { role: "admin" },
    { sub: "alice" },
    { sub: "anna", role: "admin" },
    { exp: 253_402_300_799 },
  ),
  fc.constantFrom<object>(
    { device: "default" },
    { session: 0 },
    { session: 1, device: "mallory-laptop", sub: "alice" },
  ),
  fc.dictionary(fc.constantFrom("sub", "exp", "nbf", "iat", "role", "device", "session"), oddJson),
);

const altered: fc.Arbitrary<Altered> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ base: fc.nat(5), changes }) },
  {
    weight: 5,
    arbitrary: fc.record({
      base: fc.nat(5),
      header,
      claims,
      signature: fc.constantFrom<Signature>("kept", "none", "of another key", "of no key", "of the payload alone"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ text: oddText }) },
);

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function read(text: string | undefined): object {
  return JSON.parse(Buffer.from(text ?? "", "base64url").toString());
}

function sign(text: string, key: string): string {
  return createHmac("sha256", key).update(text).digest("base64url");
}

/** Good tokens that are mallory's to alter. */
function tokensOf({ mallory, laptop }: Siege): string[] {
  return [mallory.token, laptop.token];
}

function tokenFrom(siege: Siege, input: Altered): string {
  if ("text" in input) return input.text;
  const base = pick(tokensOf(siege), input.base);
  if ("changes" in input) return changed(base, input.changes);
  const [head, payload, signature = ""] = base.split(".");
  const text = `${part({ ...read(head), ...input.header })}.${part({ ...read(payload), ...input.claims })}`;
  const signatures: Record<Signature, string> = {
    kept: signature,
    none: "",
    "of another key": sign(text, "another secret, of 32 bytes and more"),
    "of no key": sign(text, ""),
    "of the payload alone": sign(text.split(".")[1] ?? "", "secret"),
  };
  return `${text}.${signatures[input.signature]}`;
}

/** Whether it says what one of the good ones says, under the same signature: base64 has several ways to write that. */
function saysTheSame(token: string, good: string): boolean {
  // Spaces before a token are the header's own, as many as there are.
  const [one, other] = [token.replace(/^ +/, ""), good].map((text) => text.split("."));
  const bytes = (text = "") => Buffer.from(text, "base64url").toString("hex");
  return one?.length === 3 && one[0] === other?.[0] && one[1] === other?.[1] && bytes(one[2]) === bytes(other?.[2]);
}

/** The close code with which a socket answers this token; null where it is taken. */
async function closeCodeFor(url: string, token: string): Promise<number | null> {
  const socket = new WebSocket(url.replace("http", "ws"), "graphql-transport-ws");
  const wire = new Wire(socket);
  await new Promise((resolve) => socket.on("open", resolve));
  const taken = wire.init(token).then(
    () => null,
    () => wire.closed.then(({ code }) => code),
  );
  const code = await taken;
  socket.terminate();
  await wire.closed;
  return code;
}

test(
  "whatever is made of a token, without the key it speaks for nobody",
  () =>
    besiege("tokens", 300, altered, async (siege, input) => {
      const token = tokenFrom(siege, input);
      if (tokensOf(siege).some((good) => saysTheSame(token, good))) return;
      expect(await closeCodeFor(siege.app.url, token)).toBe(4403);
      // Nothing else can be written in a header; beyond its size it is 431 for whatever it holds.
      if (!/^[\x21-\x7e]{1,8192}$/.test(token)) return;
      const response = await fetch(siege.app.url, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: "{ viewer { id } settings { friendsOnly } }" }),
      });
      expect(response.status).toBe(401);
      expect(codesOf((await response.json()) as Result)).toEqual(["UNAUTHENTICATED"]);
    }),
  timeFor(120_000),
);
