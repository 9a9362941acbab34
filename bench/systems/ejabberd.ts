/** ejabberd, as Debian has it, on PostgreSQL. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keptPassword } from "../load/scram.ts";
import { DOMAIN } from "../load/stanzas.ts";
import { folderFor, freePort, openTo, startDaemon } from "./daemon.ts";
import { connecting, PASSWORD, type Peer, type RunningPeer } from "./peer.ts";
import { DATABASE_USER, postgresPrograms, SqlSession, startPostgres } from "./postgres.ts";

const SCHEMA = "/usr/share/ejabberd/sql/pg.sql";
/** Of the architectures that Debian's package is usual on. */
const LIBRARIES = "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu";
const ERLANG = "/usr/lib/erlang/lib";
const DATABASE = "ejabberd";

/** Debian's configuration without TLS, shapers, other servers, rooms, feeds and HTTP; with the archive, and on PostgreSQL. */
function configuration(port: number, databasePort: number): string {
  return `hosts: [${DOMAIN}]
loglevel: warning
listen:
  - port: ${port}
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    shaper: none
    backlog: 1024
default_db: sql
auth_method: sql
auth_password_format: scram
cache_size: 20000
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
sql_type: pgsql
sql_server: "127.0.0.1"
sql_port: ${databasePort}
sql_database: ${DATABASE}
sql_username: ${DATABASE_USER}
shaper_rules:
  max_user_sessions: 10
  max_user_offline_messages: 1000000
modules:
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_last: {}
  mod_mam:
    default: always
  mod_offline:
    access_max_user_messages: max_user_offline_messages
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_roster:
    versioning: true
  mod_stream_mgmt:
    resend_on_timeout: if_offline
  mod_vcard:
    search: false
`;
}

/** Starts the virtual machine as ejabberdctl does, but for Erlang's distribution, which only a cluster needs. */
async function startServer(folder: string, databasePort: number) {
  const port = await freePort();
  const config = join(folderFor(folder), "ejabberd.yml");
  writeFileSync(config, configuration(port, databasePort));
  const daemon = await startDaemon({
    command: [
      "erl",
      "+K",
      "true",
      "+P",
      "250000",
      "-noinput",
      "-mnesia",
      "dir",
      `"${folder}/mnesia"`,
      "-s",
      "ejabberd",
    ],
    port,
    log: join(folder, "printed"),
    env: {
      HOME: folder,
      EJABBERD_CONFIG_PATH: config,
      EJABBERD_LOG_PATH: join(folder, "ejabberd.log"),
      ERL_LIBS: LIBRARIES,
      ERL_MAX_PORTS: "32000",
      ERL_MAX_ETS_TABLES: "1400",
      ERL_CRASH_DUMP_BYTES: "0",
    },
  });
  return { port, ...daemon };
}

function insertOf(user: string): string {
  const { salt, iterations, storedKey, serverKey } = keptPassword(PASSWORD);
  const [key, server, salted] = [storedKey, serverKey, salt].map((bytes) => bytes.toString("base64"));
  return `insert into users (username, password, serverkey, salt, iterationcount)
    values ('${user}', '${key}', '${server}', '${salted}', ${iterations}) on conflict do nothing;`;
}

/** Rows as mod_mam writes them, one a second until now, in turn from one and from the other. */
function archiveOf(owner: string, other: string, count: number): string {
  const [ownJid, otherJid] = [`${owner}@${DOMAIN}`, `${other}@${DOMAIN}`];
  const xml = (from: string, to: string) =>
    `'<message xml:lang=''en'' to=''${to}'' from=''${from}/phone'' type=''chat'' id=''8f14e45f-ceea-467f-a0e6-' ||
      lpad(n::text, 12, '0') || ''' xmlns=''jabber:client''><body>' || words || '</body></message>'`;
  return `insert into archive (username, timestamp, peer, bare_peer, xml, txt, kind, nick)
    select '${owner}', 1000000 * (extract(epoch from now())::bigint - ${count} + n) + n % 1000000,
      case n % 2 when 0 then '${otherJid}' else '${otherJid}/phone' end, '${otherJid}',
      case n % 2 when 0 then ${xml(ownJid, otherJid)} else ${xml(otherJid, ownJid)} end, words, 'chat', ''
    from (select n, '#' || n || '# and some more words, as people write them to each other' as words
      from generate_series(1, ${count}) n) numbered;`;
}

/** Whether all is there that it needs; its package does not bring what it reaches PostgreSQL with. */
export function isEjabberdInstalled(): boolean {
  const erlang = existsSync(ERLANG) ? readdirSync(ERLANG) : [];
  return existsSync(SCHEMA) && erlang.some((name) => name.startsWith("p1_pgsql-")) && postgresPrograms() !== null;
}

/** Starts PostgreSQL, and ejabberd on it, with empty data in this folder. */
export async function startEjabberd(folder: string): Promise<RunningPeer> {
  openTo(folder);
  const postgres = await startPostgres(join(folder, "postgres"), postgresPrograms() ?? "");
  const creation = new SqlSession(postgres.port, "postgres");
  await creation.run(`create database ${DATABASE};`);
  await creation.close();
  const sql = new SqlSession(postgres.port, DATABASE);
  await sql.run(`\\i ${SCHEMA}\nset synchronous_commit = off;`);
  const server = await startServer(join(folder, "ejabberd"), postgres.port);
  return {
    pids: [server.pid, postgres.pid],
    connect: connecting(server.port, async (user) => {
      await sql.run(insertOf(user));
    }),
    async fill(owner, other, count) {
      await sql.run(`${archiveOf(owner, other, count)} analyze archive;`);
    },
    async stop() {
      await server.stop();
      await sql.close();
      await postgres.stop();
    },
  };
}

export const ejabberd: Peer = {
  name: "ejabberd",
  durability: "an acknowledged send is synced in the sender's archive (PostgreSQL, fsync, synchronous_commit)",
  start: startEjabberd,
};
