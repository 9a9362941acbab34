/** `parley start`: the server as the settings say, until a signal ends it. */
import { pino } from "pino";
import { type Config, ConfigError, secretOf } from "./config/config.ts";
import { systemClock } from "./engine/clock.ts";
import type { Role } from "./engine/model.ts";
import type { HooksConfig } from "./hooks/config.ts";
import type { PushConfig } from "./push/config.ts";
import type { RunningServer } from "./server/server.ts";
import { expiryOf, sign } from "./signing.ts";

/** Stops at the first SIGINT or SIGTERM; a second one does not wait. */
function stopOnSignal(server: RunningServer): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(1);
    stopping = true;
    void server.close().then(() => process.exit(process.exitCode ?? 0));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** @throws ConfigError that names the setting, and each part of its file at fault */
function readFileOf<T>(setting: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ConfigError(`${setting}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function pushConfigIn(file: string): Promise<PushConfig> {
  const { readPushConfig } = await import("./push/config.ts");
  return readFileOf("PARLEY_PUSH", () => readPushConfig(file));
}

async function hooksConfigIn(file: string): Promise<HooksConfig> {
  const { readHooksConfig } = await import("./hooks/config.ts");
  return readFileOf("PARLEY_HOOKS", () => readHooksConfig(file));
}

/** @throws ConfigError, or Error where the port is taken, or the data is in use or of a newer release */
export async function start(config: Config, say: (text: string) => void): Promise<RunningServer> {
  const push = config.pushFile === null ? null : await pushConfigIn(config.pushFile);
  const hooks = config.hooksFile === null ? null : await hooksConfigIn(config.hooksFile);
  // Standard output is for people, standard error for what collects logs.
  const log = pino({ level: config.logLevel }, pino.destination(2));
  let running: RunningServer | null = null;
  // Other commands, and mistakes in settings, need none of it: they answer in a third of the time.
  const { startServer } = await import("./server/server.ts");
  const server = await startServer({
    ...config,
    push,
    hooks,
    secret: secretOf(config),
    developmentTokens: !config.production,
    clock: systemClock,
    log,
    onStoreFailure() {
      process.exitCode = 1;
      void (running?.close() ?? Promise.resolve()).finally(() => process.exit(1));
    },
  });
  stopOnSignal(server);
  running = server;
  say(`Parley is listening on ${server.url}`);
  return server;
}

/** Says what there is to open, and in development who may sign in with which token. */
export async function printInvitation(
  server: RunningServer,
  config: Config,
  say: (text: string) => void,
): Promise<void> {
  if (config.production) return;
  const inTwo = server.signsIn ? " in two windows, as alice and as bob" : ", and paste a token";
  if (config.chat) say(`Chat: open ${new URL("/", server.url).href}${inTwo}.`);
  const asWhom = server.signsIn ? "; you are anna, an admin" : ", and paste a token into its Headers tab";
  if (config.graphiql) say(`GraphiQL: open ${server.url} in a browser${asWhom}.`);
  const asAnna = server.signsIn ? "" : ", and paste an admin's token";
  if (config.status) say(`Status: open ${new URL("/status", server.url).href}${asAnna}.`);
  if (server.metricsUrl !== null) say(`Metrics: ${server.metricsUrl}`);
  if (config.jwks !== null) return;
  const expiresAt = expiryOf("7d");
  const invite = async (user: string, role: Role) => {
    const token = await sign(config, user, role, expiresAt);
    // A user appears with the first token; these can be written to at once.
    await server.engine.devices.authenticate(token);
    return `${user}${role === "admin" ? " (admin)" : ""}\n  Authorization: Bearer ${token}`;
  };
  const tokens = [await invite("alice", "user"), await invite("bob", "user"), await invite("anna", "admin")];
  say(["\nTokens for development, good for a week:", ...tokens].join("\n\n"));
}
