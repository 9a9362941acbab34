/** An export of any length takes the same memory: here one that is longer than all that the server may hold. */
import { createHash } from "node:crypto";
import { createInterface } from "node:readline";
import { pipeline, Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { createGunzip } from "node:zlib";
import { expect, test, vi } from "vitest";
import { Person, startApp } from "./support/app.ts";
import { startChild } from "./support/child-server.ts";
import { openBeside } from "./support/data.ts";

vi.setConfig({ testTimeout: 240_000 });

const MESSAGES = 200_000;
/** Characters of each; what is random cannot be packed to nothing. */
const LENGTH = 560;
/** For all that the process holds, modules included: an export alone is longer. */
const HEAP_MIB = 110;

test("200,000 messages leave a server with a small heap", async () => {
  const app = await startApp();
  const [alice] = await app.people("alice", "bob");
  const anna = await app.admin();
  await alice.send("bob", "the first");
  await app.stop();
  const database = openBeside(app);
  database
    .prepare(
      `insert into messages (conversation_id, seq, sender_id, recipient_id, content, sent_at, hidden)
        with recursive numbers (n) as (select 2 union all select n + 1 from numbers where n < ?)
        select 1, n, 'alice', 'bob', json_object('type', 'TEXT', 'text', hex(randomblob(?))), ?, 0 from numbers`,
    )
    .run(MESSAGES, LENGTH / 2, app.clock.now());
  database.prepare("update conversations set last_seq = ?").run(MESSAGES);
  database.close();

  const { url } = await startChild(app.dataFolder, { PARLEY_SEARCH: "false" }, [`--max-old-space-size=${HEAP_MIB}`]);
  const { exportUser } = await new Person({ url }, "anna", anna.token).get('{ exportUser(of: "alice") { url } }');
  const response = await fetch(new URL(exportUser.url, url));
  // A server that ran out of memory breaks it off.
  const text = pipeline(Readable.fromWeb(response.body as ReadableStream), createGunzip(), () => {});
  let sum = "";
  let bytes = 0;
  let last = "";
  let messages = 0;
  for await (const line of createInterface({ input: text })) {
    if (last !== "") {
      sum = createHash("sha256")
        .update(sum + last)
        .digest("hex");
    }
    last = line;
    bytes += line.length;
    if (line.startsWith('{"type":"message"')) messages += 1;
  }
  expect(messages).toBe(MESSAGES);
  expect(JSON.parse(last)).toMatchObject({ type: "end", sum });
  expect(bytes).toBeGreaterThan(HEAP_MIB * 1_048_576);
});
