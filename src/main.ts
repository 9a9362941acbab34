#!/usr/bin/env node
/** The command `parley`: reads the environment, and does what it is told. */
import { parseArgs } from "node:util";
import { backUp, urlOfServer } from "./backup.ts";
import type { RunningApi } from "./commands/api.ts";
import { ConfigError, readConfig } from "./config/config.ts";
import { systemClock } from "./engine/clock.ts";
import { isUserId } from "./engine/ids.ts";
import { SYSTEM_USER } from "./engine/model.ts";
import { printInvitation, start } from "./serving.ts";
import { expiryOf, needsSecret, sign, UsageError } from "./signing.ts";
import { versionOfPackage } from "./version.ts";

const HELP = `parley: a server for one-to-one messaging

  parley [start]                 serves on PARLEY_HOST and PARLEY_PORT until SIGINT or SIGTERM
  parley token <user> [--admin] [--expires <time>]
                                 prints a token as the app's back end would sign it; <time> is a
                                 number with s, m, h or d, such as 7d, the default
  parley backup [<name>]         has the running server copy its data, while it serves, into a new file
                                 of this name in the folder of PARLEY_BACKUPS; <name> ends in .sqlite
  parley stats [--json]          has the running server say who is online, what is sent, what waits, what
                                 is stored and how old it is; with --json for programs
  parley restore <file>          puts a backup in the place of the data, while no server runs; what was
                                 there is kept in the same folder
  parley copy --from sqlite:<folder> [--to postgres://<user>:<password>@<host>/<database>]
                                 copies all that is stored into an empty PostgreSQL database, by default that of
                                 PARLEY_DATABASE, while no server runs, and compares the two; what was stopped
                                 goes on when it is run again (docs/postgresql.md)
  parley export user <user> [--out <file>]
  parley export conversation <user> <user> [--out <file>]
                                 has the running server export all that is stored of a user, or of what
                                 two have written, as JSON lines, gzip where <file> ends in .gz; the same
                                 command again goes on where it was cut off (docs/records.md)
  parley import <file>… [--format parley|get-history]
                                 has the running server import users, relations and messages; what is
                                 there already is passed over (docs/records.md)
  parley tour [--once]           starts a server, plays the offline flow with real clients, and goes
                                 on serving; with --once it stops after the tour
  parley version                 prints which this is
  parley help                    prints this

Settings are environment variables (docs/settings.md): PARLEY_PORT, PARLEY_DATA, PARLEY_SECRET, …
`;

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function printToken(user: string | undefined, admin: boolean, expires: string): Promise<void> {
  if (user === undefined) throw new UsageError("parley token <user>: whose token?");
  if (!isUserId(user) || user === SYSTEM_USER) {
    throw new UsageError(`${user}: a user's id has 1 to 128 of A-Z a-z 0-9 _ - . @ + | and is not \`system\`.`);
  }
  const expiresAt = expiryOf(expires);
  const config = readConfig(process.env);
  needsSecret(config);
  say(await sign(config, user, admin ? "admin" : "user", expiresAt));
}

/**
 * The running server, for an admin that stands for a command in the audit trail.
 * @throws UsageError where nobody can tell which it is, or sign for it
 */
function runningServer(admin: string): RunningApi {
  const config = readConfig(process.env);
  const { host, port, token } = config;
  if (port === 0) throw new UsageError("PARLEY_PORT is 0: say on which port the server listens.");
  if (token === null && config.jwks !== null) {
    throw new UsageError("With PARLEY_JWKS only the app's back end can sign tokens: give an admin's as PARLEY_TOKEN.");
  }
  const signed = () => sign(config, admin, "admin", expiryOf("5m"));
  return { url: urlOfServer(host, port), token: async () => token ?? (await signed()) };
}

async function backup(name: string | undefined): Promise<void> {
  say(await backUp({ ...runningServer("parley-backup"), name: name ?? null }));
}

async function printStats(json: boolean): Promise<void> {
  const { stats } = await import("./commands/stats.ts");
  say(await stats(runningServer("parley-stats"), json));
}

async function exportTo(subjects: readonly string[], out: string | undefined): Promise<void> {
  const { exportRecords, exportWanted, fileFor } = await import("./commands/export.ts");
  const wanted = exportWanted(subjects);
  if (wanted === null) {
    throw new UsageError("parley export user <user>, or parley export conversation <user> <user>: of whom?");
  }
  const server = runningServer("parley-export");
  say(await exportRecords({ ...server, wanted, out: out ?? fileFor(wanted), terminal: process.stderr }));
}

async function importFrom(files: readonly string[], format: string): Promise<void> {
  const { FORMAT_NAMES, importRecords, isFormat } = await import("./commands/import.ts");
  if (files.length === 0) throw new UsageError("parley import <file>…: which files?");
  if (!isFormat(format)) throw new UsageError(`--format ${format}: there are ${FORMAT_NAMES.join(" and ")}.`);
  const imported = await importRecords({ ...runningServer("parley-import"), files, format, terminal: process.stderr });
  say(imported.summary);
  if (!imported.complete) process.exitCode = 1;
}

async function restore(file: string | undefined): Promise<void> {
  if (file === undefined) throw new UsageError("parley restore <file>: which backup?");
  const { dataFolder } = readConfig(process.env);
  const { restoreBackup } = await import("./store/sqlite/restore.ts");
  const { bytes, keptAs } = restoreBackup(file, dataFolder, systemClock.now());
  const before = keptAs === null ? "" : `; what was there is ${keptAs}`;
  say(`${file}: ${bytes} bytes, verified and restored into ${dataFolder}${before}`);
}

async function copy(from: string | undefined, to: string | undefined): Promise<void> {
  const source = /^sqlite:(.+)$/.exec(from ?? "")?.[1];
  const { postgres } = readConfig(to === undefined ? process.env : { ...process.env, PARLEY_DATABASE: to });
  if (source === undefined || postgres === null) {
    throw new UsageError("parley copy --from sqlite:<folder> --to postgres://…: from where, and where to?");
  }
  const { copyStore } = await import("./store/copying/copy.ts");
  const { counted, createProgress } = await import("./commands/progress.ts");
  let total = 0;
  const progress = createProgress(process.stderr, () => total);
  const { rows, messages, checksum } = await copyStore({
    from: source,
    to: postgres.url,
    unsafe: postgres.unsafe,
    onProgress(done, all, doing) {
      total = all;
      progress.show(done, doing);
    },
  });
  progress.clear();
  say(`Copied and compared ${counted(rows)} rows, with ${counted(messages)} messages; SHA-256 of both: ${checksum}`);
}

/** Which setting a failure of the system at the start comes from. */
const SETTING_OF: Readonly<Record<string, string>> = {
  EADDRINUSE: "PARLEY_PORT or PARLEY_METRICS_PORT",
  EACCES: "PARLEY_PORT or PARLEY_DATA",
  EADDRNOTAVAIL: "PARLEY_HOST",
  ENOTFOUND: "PARLEY_HOST",
  EAI_AGAIN: "PARLEY_HOST",
  EEXIST: "PARLEY_DATA",
  ENOTDIR: "PARLEY_DATA",
  EROFS: "PARLEY_DATA",
  ENOSPC: "PARLEY_DATA",
  SQLITE_FULL: "PARLEY_DATA",
};

/** What is wrong, in one line, with the setting to look at where that is known. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const setting = "code" in error ? SETTING_OF[String(error.code)] : undefined;
  return setting === undefined ? error.message : `${error.message} (look at ${setting})`;
}

async function serve(): Promise<void> {
  const config = readConfig(process.env);
  await printInvitation(await start(config, say), config, say);
}

async function tour(once: boolean): Promise<void> {
  const config = readConfig(process.env);
  needsSecret(config);
  const server = await start(config, say);
  const tokenFor = (user: string, admin: boolean) => sign(config, user, admin ? "admin" : "user", expiryOf("7d"));
  const { playTour } = await import("./tour.ts");
  await playTour({ url: server.url, tokenFor, say });
  if (once) await server.close();
  else await printInvitation(server, config, say);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      admin: { type: "boolean", default: false },
      expires: { type: "string", default: "7d" },
      once: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      out: { type: "string" },
      format: { type: "string", default: "parley" },
      from: { type: "string" },
      to: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
      version: { type: "boolean", short: "v", default: false },
    },
  });
  const [command = "start", subject] = positionals;
  if (values.help || command === "help") return say(HELP);
  if (values.version || command === "version") return say(versionOfPackage());
  if (command === "token") return printToken(subject, values.admin, values.expires);
  if (command === "backup") return backup(subject);
  if (command === "stats") return printStats(values.json);
  if (command === "restore") return restore(subject);
  if (command === "copy") return copy(values.from, values.to);
  if (command === "export") return exportTo(positionals.slice(1), values.out);
  if (command === "import") return importFrom(positionals.slice(1), values.format);
  if (command === "tour") return tour(values.once);
  if (command === "start") return serve();
  throw new UsageError(`parley ${command}: there is no such command. parley --help tells which there are.`);
}

function isUsageError(error: unknown): boolean {
  if (error instanceof UsageError || error instanceof ConfigError) return true;
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(isUsageError(error) ? 2 : 1);
});
