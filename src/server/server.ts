/** The server: the store, the engine and the transports, started and stopped together. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Logger } from "pino";
import { type Clock, nextTurn } from "../engine/clock.ts";
import type { Bus } from "../engine/cluster/bus.ts";
import { createEngine, type PushSetup } from "../engine/engine.ts";
import type { HookSetup } from "../engine/hooks/hook.ts";
import type { Platform } from "../engine/model.ts";
import type { Store } from "../engine/store.ts";
import { schema } from "../graphql/schema.ts";
import type { HooksConfig } from "../hooks/config.ts";
import { createInspector } from "../media/inspector.ts";
import { openMedia } from "../media/open.ts";
import type { PushConfig } from "../push/config.ts";
import { openArchiveFolder } from "../store/archives/archive-folder.ts";
import { openDatabase, type PostgresPlace } from "../store/open.ts";
import { openSearchIndex } from "../store/search/index-file.ts";
import { createStore } from "../store/store.ts";
import { createAdmission } from "./admission.ts";
import { openAppKeys } from "./app-keys.ts";
import { closerOf } from "./closing.ts";
import { openCluster } from "./cluster.ts";
import type { DevelopmentTokensOptions } from "./development-tokens.ts";
import { createDownloads } from "./downloads.ts";
import { createGateway } from "./gateway.ts";
import { createHttpServer } from "./http.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { watchMachine } from "./machine.ts";
import { createMediaKeys } from "./media-keys.ts";
import { DEFAULT_MEDIA, type MediaOptions } from "./media-options.ts";
import { createExporter } from "./metrics/exporter.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { createPresentError } from "./present-errors.ts";
import { createRecordLinks } from "./record-links.ts";
import { createRecordServer } from "./records.ts";
import { reportsIn } from "./reports.ts";
import { watchSlowReaders } from "./slow-readers.ts";
import { createTokens, DEFAULT_TOKEN_RULES, signAppToken, type TokenRules } from "./tokens.ts";
import { createUploadServer } from "./uploads.ts";
import { serveWebSockets } from "./websocket.ts";

export interface ServerOptions {
  readonly host: string;
  /** 0 picks one. */
  readonly port: number;
  readonly metricsPort: number | null;
  /** Folder of the SQLite file, of media and of the search index; made where it is missing. */
  readonly dataFolder: string;
  /** The database; null or left out: a SQLite file in the data folder. */
  readonly postgres?: PostgresPlace | null;
  /** What tells the servers on one PostgreSQL of each other: a URL of Redis; null or left out: PostgreSQL itself. */
  readonly redis?: string | null;
  /** Folder of backups, which must be there; null or left out: none can be made. */
  readonly backupFolder?: string | null;
  /** Where messages are archived, hour by hour, and how many days a file is kept; null or left out: nowhere. */
  readonly archives?: { readonly folder: string; readonly days: number } | null;
  readonly secret: string;
  readonly tokenRules?: Partial<TokenRules>;
  /** What is left out is as in `DEFAULT_MEDIA`. */
  readonly media?: Partial<MediaOptions>;
  /** Where pushes go; left out: nowhere. */
  readonly push?: PushConfig | null;
  /** What the app wants to be asked and told; left out: nothing. */
  readonly hooks?: HooksConfig | null;
  /** File or URL of the app's public keys; without it the app signs with the secret. */
  readonly jwks?: string | null;
  /** Whether messages can be searched; on where it is not given. */
  readonly search?: boolean;
  readonly sendRate: number;
  readonly sessionLimits: Readonly<Record<Platform, number>>;
  readonly allowedOrigins: readonly string[] | null;
  readonly graphiql: boolean;
  /** Whether browsers get the chat page at `/`; off where it is not given. */
  readonly chat?: boolean;
  /** Whether browsers get the status page at `/status`; off where it is not given. */
  readonly status?: boolean;
  /**
   * Whether the server's own pages may sign in as anybody from this machine; off where it is not given, with `jwks` and
   * with `proxies`. Never in production.
   */
  readonly developmentTokens?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is left out is as in `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits>;
  /** How many proxies of one's own stand in front, for limits per address; 0 where it is not given. */
  readonly proxies?: number;
  /** How often WebSockets are pinged, and how long an answer may take, in milliseconds. */
  readonly keepAliveMs?: number;
  /** Stands between the engine and its store. */
  readonly decorateStore?: (store: Store) => Store;
  /** Stands between the engine and what tells it of other servers. */
  readonly decorateBus?: (bus: Bus) => Bus;
  /** The store failed: nothing more can be written, and the process should be started anew. */
  readonly onStoreFailure?: (error: unknown) => void;
}

export interface RunningServer {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  readonly metricsUrl: string | null;
  /** Whether its pages sign in by themselves, as in development. */
  readonly signsIn: boolean;
  readonly engine: Awaited<ReturnType<typeof createEngine>>;
  /** Answers what was taken, tells everybody to come back, and gives the data free. */
  close(): Promise<void>;
}

function listen(server: Server, port: number, host: string): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      if (typeof address === "object" && address !== null) resolve(address);
      else reject(new Error("the server listens nowhere"));
    });
  });
}

function urlOf({ address, family, port }: AddressInfo, path: string): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}${path}`;
}

/** Most servers push to few vendors or to none, and do without all of these. */
async function openChannels(config: PushConfig, clock: Clock): Promise<PushSetup> {
  const { openPush } = await import("../push/open.ts");
  return openPush(config, clock);
}

async function openAppHooks(config: HooksConfig, clock: Clock): Promise<HookSetup> {
  const { openHooks } = await import("../hooks/open.ts");
  return openHooks(config, clock);
}

function givesTokens({ developmentTokens = false, jwks = null, proxies = 0 }: ServerOptions): boolean {
  return developmentTokens && jwks === null && proxies === 0;
}

function developmentTokens({ clock, host, secret }: ServerOptions, rules: TokenRules): DevelopmentTokensOptions {
  const { issuer, audience } = rules;
  return {
    clock,
    host,
    sign: (user, role, expiresAt) =>
      signAppToken(secret, user, role, expiresAt, { issuedAt: clock.now(), issuer, audience }),
  };
}

/**
 * Starts a server.
 * @throws Error where the port is taken, or the data is in use or of a newer release
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, clock, host, allowedOrigins, onStoreFailure } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  let notReady: string | null = null;
  const appKeys = options.jwks == null ? null : await openAppKeys(options.jwks, clock, log);
  const push = options.push == null ? null : await openChannels(options.push, clock);
  const hooks = options.hooks == null ? null : await openAppHooks(options.hooks, clock);
  const tokenRules = { ...DEFAULT_TOKEN_RULES, ...options.tokenRules };
  const metrics = createMetrics(reportsIn(log));
  const commits = {
    committed: metrics.committed,
    failed(error: unknown) {
      notReady = "the store failed";
      log.fatal({ error: String(error) }, "the store could not commit");
      onStoreFailure?.(error);
    },
  };
  const database = await openDatabase({
    postgres: options.postgres ?? null,
    dataFolder: options.dataFolder,
    backupFolder: options.backupFolder ?? null,
    observer: commits,
    onTrouble(error) {
      metrics.databaseTrouble();
      log.warn({ error: error.message }, "a connection to the database met trouble");
    },
  });
  const cluster = await openCluster(options, database.generation);
  const { decorateStore = (plain) => plain } = options;
  const store = decorateStore(createStore(database));
  const mediaOptions = { ...DEFAULT_MEDIA, ...options.media };
  const { place = join(options.dataFolder, "media"), publicUrl, linkMs, rules, free } = mediaOptions;
  const inspector = createInspector();
  const storage = await openMedia(place, inspector, free);
  const { previousSecrets } = tokenRules;
  const keys = createMediaKeys({ secret: options.secret, previousSecrets, clock, publicUrl, linkMs });
  const recordLinks = createRecordLinks({ secret: options.secret, previousSecrets, clock, publicUrl });
  const { archives = null } = options;
  const machine = watchMachine(options.dataFolder, database.server);
  const engine = await createEngine({
    store,
    cluster,
    clock,
    media: { files: storage, keys, rules },
    tokens: createTokens(options.secret, tokenRules, appKeys, clock),
    observer: metrics,
    sendRate: options.sendRate,
    sessionLimits: options.sessionLimits,
    limits,
    push,
    hooks,
    machine,
    recordLinks,
    archives: archives && { files: await openArchiveFolder(archives.folder), days: archives.days },
    searchIndex:
      options.search === false ? null : openSearchIndex(join(options.dataFolder, "search.sqlite"), store.generation),
  });

  const { refused } = metrics;
  const presentError = createPresentError(log);
  const gateway = createGateway({ schema, limits, presentError, refused });
  const slowReaders = watchSlowReaders(limits.slowReaderMs);
  const admission = createAdmission({ clock, limits, proxies: options.proxies ?? 0, refused });
  const shared = { engine, gateway, presentError, allowedOrigins, slowReaders, admission, limits };
  const http = createHttpServer({
    ...shared,
    graphiql: options.graphiql,
    chat: options.chat ?? false,
    status: options.status ?? false,
    developmentTokens: givesTokens(options) ? developmentTokens(options, tokenRules) : null,
    notReady: () => notReady,
    serveMedia: createDownloads({ engine, storage, keys, allowedOrigins }),
    serveRecords: createRecordServer({
      engine,
      links: recordLinks,
      allowedOrigins,
      archiveFolder: archives?.folder ?? null,
    }),
    serveUploads: createUploadServer({ engine, keys, incoming: storage.incoming, allowedOrigins, presentError }),
  });
  const closeHttp = closerOf(http);
  const sockets = serveWebSockets(http, { ...shared, log, refused, keepAliveMs: options.keepAliveMs });
  metrics.watch({
    connections: () => engine.connections.count,
    waitingConnections: sockets.waiting,
    subscriptions: () => engine.connections.subscriptionCount,
    tcpConnections: promisify(http.getConnections.bind(http)),
    rateKeys: () => engine.rateKeys() + admission.size,
    mediaFree: () => storage.free(),
  });
  const { count, broken } = engine.pushing;
  const vendors = push?.channels.map(({ vendor }) => vendor) ?? [];
  metrics.watchPushes({ vendors, count, broken, clock });
  metrics.watchHooks({ count: () => engine.hooks.count(), clock });
  if (database.server !== null && cluster !== null) {
    metrics.watchDatabase({ server: database.server, isBusHealthy: () => cluster.bus.healthy });
  }
  const metricsServer = createExporter(metrics.registry);

  async function closeStore(): Promise<void> {
    appKeys?.close();
    machine.close();
    await inspector.close();
    await engine.close();
    await store.close();
  }

  let address: AddressInfo;
  let metricsAddress: AddressInfo | null = null;
  try {
    address = await listen(http, options.port, host);
    if (options.metricsPort !== null) metricsAddress = await listen(metricsServer, options.metricsPort, host);
  } catch (error) {
    http.close();
    await closeStore();
    throw error;
  }

  let closing: Promise<void> | null = null;
  async function shutDown(): Promise<void> {
    notReady = "draining";
    log.info("draining");
    const httpClosed = closeHttp();
    await gateway.drain();
    // The last answers are on their way to their sockets.
    await nextTurn();
    slowReaders.stop();
    engine.connections.endAll("draining");
    sockets.close();
    await httpClosed;
    metricsServer.close();
    metricsServer.closeAllConnections();
    // The library's observers never let go of the registry, nor it of all that is measured.
    metrics.registry.clear();
    await closeStore();
    log.info("stopped");
  }

  return {
    url: urlOf(address, "/graphql"),
    metricsUrl: metricsAddress === null ? null : urlOf(metricsAddress, "/metrics"),
    signsIn: givesTokens(options),
    engine,
    close() {
      closing ??= shutDown();
      return closing;
    },
  };
}
