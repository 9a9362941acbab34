/**
 * An app's side of the hooks: a word filter that is asked before each send, and a log of what happens.
 *
 *     HOOK_SECRET=whsec_… PORT=5000 node hooks.mjs
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { HOOK_SECRET = "", PORT = "5000" } = process.env;
const SECRET = Buffer.from(HOOK_SECRET.replace(/^whsec_/, ""), "base64");
const TOLERANCE_SECONDS = 300;

const REFUSED = /\bscam\b/i;
const BLEEPED = /\bdarn\b/gi;

/** Ids of events that were seen: each may come more than once. Put them into your database instead. */
const seen = new Set();

/** Whether Parley sent this, and not long ago. */
function isGenuine(headers, body) {
  const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signatures = "" } = headers;
  if (Math.abs(Date.now() / 1_000 - Number(seconds)) > TOLERANCE_SECONDS) return false;
  const wanted = createHmac("sha256", SECRET).update(`${id}.${seconds}.${body}`).digest();
  return signatures.split(" ").some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ""), "base64");
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  });
}

/** What becomes of a message. */
function judge({ content }) {
  if (content.type !== "TEXT") return { action: "allow" };
  if (REFUSED.test(content.text)) return { action: "refuse", code: "BAD_WORD", reason: "Please keep it friendly." };
  const text = content.text.replace(BLEEPED, "****");
  return text === content.text ? { action: "allow" } : { action: "rewrite", content: { text: { text } } };
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const part of request) body += part;
  if (!isGenuine(request.headers, body)) return void response.writeHead(401).end();
  const { type, timestamp, data } = JSON.parse(body);
  if (type === "message.sending" || type === "message.editing") {
    return void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(judge(data)));
  }
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) console.log(timestamp, type, data.message?.id ?? JSON.stringify(data));
  seen.add(id);
  response.writeHead(204).end();
});
server.listen(Number(PORT), () => console.log(`listening on ${server.address().port}`));
