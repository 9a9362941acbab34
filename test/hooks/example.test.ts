/** The example in docs/hooks.md, run as an app would: another process, whose signatures are checked by itself. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/engine/clock.ts";
import { hooksConfig } from "../../src/hooks/config.ts";
import { startApp } from "../support/app.ts";
import { SECRET } from "../support/fake-app.ts";

const ROOT = resolve(import.meta.dirname, "../..");

test("the word filter refuses, bleeps and lets go, and the log has what happened", async () => {
  const child = spawn(process.execPath, [join(ROOT, "examples/hooks.mjs")], {
    env: { HOOK_SECRET: SECRET, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout);
  const [first] = (await once(lines, "line")) as [string];
  const url = `http://127.0.0.1:${first.replace("listening on ", "")}`;
  const endpoint = { url, secrets: [SECRET], internal: true };
  const hooks = hooksConfig.parse({
    beforeSend: { endpoint, onFailure: "refuse" },
    events: [{ name: "log", endpoint, types: ["message.sent"] }],
  });
  // The example goes by the machine's clock.
  const app = await startApp({ hooks, clock: systemClock });
  app.clock.jump(Date.now() - app.clock.now());
  const [alice] = await app.people("alice", "bob");
  expect(await alice.trySend("bob", "a SCAM")).toMatchObject({
    code: "REFUSED_BY_HOOK",
    reason: "Please keep it friendly.",
  });
  expect((await alice.send("bob", "darn it")).content.summary).toBe("**** it");
  const [line] = (await once(lines, "line")) as [string];
  expect(line).toMatch(/^\S+Z message\.sent m:1:1$/);
  const forged = await fetch(url, { method: "POST", body: "{}", headers: { "webhook-id": "x" } });
  expect(forged.status).toBe(401);
});
