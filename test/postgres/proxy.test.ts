/** The pair behind nginx, by the file that examples/cluster has for it: servers come and go, and clients notice little. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, onTestFinished, test } from "vitest";
import { App, Person, texts } from "../support/app.ts";
import { MovableClock } from "../support/clock.ts";
import { freePort, untilListening } from "../support/ports.ts";
import { dropDatabase, makeDatabase } from "../support/postgres.ts";

const server = inject("postgres");
const SITE = fileURLToPath(new URL("../../examples/cluster/nginx.conf", import.meta.url));

function hasNginx(): boolean {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore", env: { PATH: `${process.env.PATH}:/usr/sbin` } });
    return true;
  } catch {
    return false;
  }
}

/** nginx with the example's site, without TLS and with these ports. */
async function startNginx(ports: readonly [number, number]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "parley-nginx-"));
  const port = await freePort();
  const site = readFileSync(SITE, "utf8")
    .replaceAll(/^ *ssl_certificate.*$/gm, "")
    .replace("listen 443 ssl", `listen 127.0.0.1:${port}`)
    .replace("127.0.0.1:4001", `127.0.0.1:${ports[0]}`)
    .replace("127.0.0.1:4002", `127.0.0.1:${ports[1]}`);
  expect(site).toContain(String(ports[1]));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const user = process.getuid?.() === 0 ? "user root;" : "";
  writeFileSync(
    join(folder, "nginx.conf"),
    `${user} daemon off; pid ${folder}/pid; error_log ${folder}/errors;
    events {} http { access_log off; ${temporary.join(" ")} ${site} }`,
  );
  const child = spawn("nginx", ["-p", folder, "-c", join(folder, "nginx.conf"), "-e", join(folder, "errors")], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: "ignore",
  });
  onTestFinished(async () => {
    const ended = once(child, "exit");
    child.kill("SIGQUIT");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  await untilListening(port, child);
  return `http://127.0.0.1:${port}/graphql`;
}

test.skipIf(!hasNginx())("one server after the other is started anew behind nginx, and nothing is lost", async () => {
  const name = `parley_proxy_${Math.random().toString(36).slice(2)}`;
  await makeDatabase(server, name);
  const clock = new MovableClock();
  const ports = [await freePort(), await freePort()] as const;
  const postgres = { url: new URL(name, server).href, connections: 5, unsafe: true };
  const apps = ports.map((port) => new App({ postgres, port }, clock));
  onTestFinished(async () => {
    for (const app of apps) await app.remove();
    await dropDatabase(server, name);
  });
  await Promise.all(apps.map((app) => app.start()));
  const door = { url: await startNginx(ports) };
  const [first] = apps;
  if (first === undefined) throw new Error("there are two");
  const [alice, bob] = await first.people("alice", "bob");
  const sender = new Person(door, "alice", alice.token);
  const reader = new Person(door, "bob", (await bob.login("phone")).token);

  let sent = 0;
  let over = false;
  const sending = (async () => {
    while (!over) {
      const clientMessageId = `key ${sent}`;
      // As a client does: again, with the same key, until it is answered.
      for (let answered = false; !answered; ) {
        answered = await sender.send("bob", `${sent}`, { clientMessageId }).then(
          () => true,
          () => false,
        );
      }
      sent += 1;
    }
  })();
  const until = (count: number) => expect.poll(() => sent, { timeout: 20_000 }).toBeGreaterThan(count);

  let cursor: string | undefined;
  const got: (string | null)[] = [];
  for (const app of [...apps, ...apps]) {
    const { socket, messages } = await reader.goOnline(cursor);
    await until(sent + 5);
    await app.restart();
    await until(sent + 5);
    // On whichever server it was: it takes what it has been handed, and comes back.
    const { length } = socket.frames.filter(
      ({ type, payload }) => type === "next" && "newMessage" in Object(Object(payload).data),
    );
    for (const event of await messages.take(length)) {
      if (event.source === "RECENT") continue;
      got.push(event.message.content.summary);
      cursor = event.cursor;
    }
    await socket.cut();
  }
  over = true;
  await sending;
  const { handed } = await reader.sync(cursor);
  got.push(...texts(handed.filter(({ source }) => source !== "RECENT")));
  expect(got).toEqual(Array.from({ length: sent }, (_, index) => `${index}`));
});
