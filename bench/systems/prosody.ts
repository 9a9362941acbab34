/** Prosody, as Debian has it, on its own files. */
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keptPassword } from "../load/scram.ts";
import { DOMAIN } from "../load/stanzas.ts";
import { textOf } from "../load/traffic.ts";
import { folderFor, freePort, handOver, openTo, startDaemon } from "./daemon.ts";
import { connecting, PASSWORD, type Peer, type RunningPeer } from "./peer.ts";

const PROGRAM = "/usr/bin/prosody";
/** How much of an archive is written at a time. */
const BATCH = 10_000;

/**
 * Debian's configuration without TLS, limits, other servers, feeds and consoles; with the archive, which keeps all.
 * Without Nagle's algorithm, which would make small answers wait for the kernel's delayed acknowledgements.
 */
function configuration(folder: string, port: number): string {
  return `data_path = "${folder}/data"
pidfile = "${folder}/prosody.pid"
certificates = "${folder}"
log = { warn = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
c2s_require_encryption = false
network_settings = { nagle = false; tcp_backlog = 1024 }
authentication = "internal_hashed"
default_archive_policy = true
archive_expires_after = "never"
storage_archive_item_limit = 10000000
modules_enabled = {
  "disco"; "roster"; "saslauth"; "blocklist"; "carbons"; "private"; "smacks"; "csi_simple"; "ping"; "mam"; "posix";
}
modules_disabled = { "s2s" }
VirtualHost "${DOMAIN}"
`;
}

/** A name as Prosody's files have it. */
function fileName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9]/g, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, "0")}`);
}

function accountOf(): string {
  const { salt, iterations, storedKey, serverKey } = keptPassword(PASSWORD);
  return `return {
  ["salt"] = "${salt.toString()}"; ["iteration_count"] = ${iterations};
  ["stored_key"] = "${storedKey.toString("hex")}"; ["server_key"] = "${serverKey.toString("hex")}";
};
`;
}

/** A message as mod_storage_internal writes it: what Prosody reads back is a program in Lua that makes a table. */
function archivedOf(n: number, at: number, from: string, to: string): string {
  const stamp = new Date(at * 1_000).toISOString().replace(".000", "");
  return `item({
\t{
\t\t"${textOf(n)}";
\t\t["name"] = "body";
\t\t["attr"] = {};
\t};
\t["when"] = ${at};
\t["with"] = "${n % 2 === 0 ? to : from}";
\t["name"] = "message";
\t["key"] = "${String(n).padStart(24, "0")}";
\t["attr"] = {
\t\t["stamp"] = "${stamp}";
\t\t["to"] = "${to}";
\t\t["xml:lang"] = "en";
\t\t["from"] = "${from}/phone";
\t\t["type"] = "chat";
\t\t["id"] = "8f14e45f-ceea-467f-a0e6-${String(n).padStart(12, "0")}";
\t};
});
`;
}

/** Adds messages to an archive's file, in turn from its owner and from the other. */
function fillFile(file: string, owner: string, other: string, count: number): void {
  const begun = Math.floor(Date.now() / 1_000) - count;
  let items: string[] = [];
  for (let n = 1; n <= count; n += 1) {
    const [from, to] = n % 2 === 0 ? [owner, other] : [other, owner];
    items.push(archivedOf(n, begun + n, `${from}@${DOMAIN}`, `${to}@${DOMAIN}`));
    if (items.length < BATCH && n < count) continue;
    appendFileSync(file, items.join(""));
    items = [];
  }
  handOver(file);
}

/** Whether it is there. */
export function isProsodyInstalled(): boolean {
  return existsSync(PROGRAM);
}

/** Starts Prosody with empty data in this folder. */
export async function startProsody(folder: string): Promise<RunningPeer> {
  openTo(folder);
  const own = folderFor(join(folder, "prosody"));
  const host = folderFor(join(folderFor(join(own, "data")), DOMAIN));
  const accounts = folderFor(join(host, "accounts"));
  const archives = folderFor(join(host, "archive"));
  const port = await freePort();
  const config = join(own, "prosody.cfg.lua");
  writeFileSync(config, configuration(own, port));
  const daemon = await startDaemon({ command: [PROGRAM, "-F", "--config", config], port, log: join(own, "printed") });
  return {
    pids: [daemon.pid],
    connect: connecting(port, async (user) => {
      writeFileSync(join(accounts, `${fileName(user)}.dat`), accountOf());
    }),
    async fill(owner, other, count) {
      fillFile(join(archives, `${fileName(owner)}.list`), owner, other, count);
    },
    stop: daemon.stop,
  };
}

export const prosody: Peer = {
  name: "Prosody",
  durability: "an acknowledged send is written to both archives' files, and nothing is synced",
  start: startProsody,
};
