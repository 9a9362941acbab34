/** The settings of a process: read from the environment once, checked, and refused by name. */
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import type { Platform } from "../engine/model.ts";
import type { Limits } from "../server/limits.ts";
import type { MediaOptions } from "../server/media-options.ts";
import type { ServerOptions } from "../server/server.ts";
import type { TokenRules } from "../server/tokens.ts";
import { environment, HOUR_MS, MIB } from "./environment.ts";

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataFolder: string;
  /** Null: a SQLite file in the data folder. */
  readonly postgres: NonNullable<ServerOptions["postgres"]> | null;
  /** URL of Redis; null: PostgreSQL tells its servers of each other itself. */
  readonly redis: string | null;
  /** Null: no backups. */
  readonly backupFolder: string | null;
  /** Null: messages are not archived. */
  readonly archives: { readonly folder: string; readonly days: number } | null;
  /** Null where none was given: in development one is made. */
  readonly givenSecret: string | null;
  readonly tokenRules: TokenRules;
  /** File or URL of the app's public keys. */
  readonly jwks: string | null;
  /** What commands show to a running server, where they cannot sign one. */
  readonly token: string | null;
  readonly sendRate: number;
  readonly limits: Limits;
  readonly media: MediaOptions;
  /** File that says what the app wants to be asked and told; null: nothing. */
  readonly hooksFile: string | null;
  /** File that says where pushes go; null: nowhere. */
  readonly pushFile: string | null;
  /** How many proxies of one's own stand in front. */
  readonly proxies: number;
  readonly sessionLimits: Readonly<Record<Platform, number>>;
  readonly allowedOrigins: readonly string[] | null;
  readonly graphiql: boolean;
  /** Whether messages can be searched. */
  readonly search: boolean;
  /** Whether browsers get the chat page at `/`. */
  readonly chat: boolean;
  /** Whether browsers get the status page at `/status`. */
  readonly status: boolean;
  readonly metricsPort: number | null;
  readonly logLevel: string;
  readonly production: boolean;
}

/** A setting that cannot be used. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

function limitsOf(values: z.infer<typeof environment>): Limits {
  return {
    readRate: values.PARLEY_READ_RATE,
    loginRate: values.PARLEY_LOGIN_RATE,
    addressRate: values.PARLEY_ADDRESS_RATE,
    connections: values.PARLEY_MAX_CONNECTIONS,
    connectionsPerUser: values.PARLEY_USER_CONNECTIONS,
    connectionsPerAddress: values.PARLEY_ADDRESS_CONNECTIONS,
    waitingConnections: values.PARLEY_WAITING_CONNECTIONS,
    initTimeoutMs: values.PARLEY_INIT_SECONDS * 1_000,
    subscriptionsPerUser: values.PARLEY_USER_SUBSCRIPTIONS,
    subscriptionsPerConnection: values.PARLEY_CONNECTION_SUBSCRIPTIONS,
    operationsPerConnection: values.PARLEY_CONNECTION_OPERATIONS,
    frameBytes: values.PARLEY_FRAME_BYTES,
    bodyBytes: values.PARLEY_BODY_BYTES,
    documentTokens: values.PARLEY_DOCUMENT_TOKENS,
    slowReaderMs: values.PARLEY_SLOW_READER_SECONDS * 1_000,
    unreadBytes: values.PARLEY_UNREAD_BYTES,
  };
}

function placeOf(values: z.infer<typeof environment>): MediaOptions["place"] {
  const place = values.PARLEY_MEDIA;
  if (place === undefined || "folder" in place) return place?.folder;
  const endpoint = values.PARLEY_S3_ENDPOINT ?? null;
  return {
    name: place.bucket,
    prefix: place.prefix,
    endpoint,
    region: values.PARLEY_S3_REGION,
    // Amazon wants the bucket's name in the host's; most others know it in paths alone.
    pathStyle: values.PARLEY_S3_PATH_STYLE ?? endpoint !== null,
    redirect: values.PARLEY_S3_REDIRECT,
  };
}

function mediaOf(values: z.infer<typeof environment>): MediaOptions {
  return {
    place: placeOf(values),
    publicUrl: values.PARLEY_PUBLIC_URL ?? null,
    linkMs: values.PARLEY_LINK_HOURS * HOUR_MS,
    rules: {
      bytes: values.PARLEY_UPLOAD_QUOTA_MIB * MIB,
      unfinished: values.PARLEY_UNFINISHED_UPLOADS,
      lifetimeMs: values.PARLEY_UPLOAD_HOURS * HOUR_MS,
      freeBytes: values.PARLEY_FREE_MIB * MIB,
    },
  };
}

/** @throws ConfigError that names each setting at fault */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const given = Object.entries(env).filter(([name, value]) => name.startsWith("PARLEY_") && value !== "");
  const unknown = given.map(([name]) => name).filter((name) => !(name in environment.shape));
  if (unknown.length > 0) {
    const known = Object.keys(environment.shape).join(", ");
    throw new ConfigError(`${unknown.join(", ")}: there is no such setting. There are ${known}.`);
  }
  const result = environment.safeParse(Object.fromEntries(given));
  if (!result.success) {
    throw new ConfigError(result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}.`).join("\n"));
  }
  const values = result.data;
  if (values.PARLEY_BUS !== undefined && values.PARLEY_DATABASE === undefined) {
    throw new ConfigError("PARLEY_BUS tells servers on one PostgreSQL of each other: it needs PARLEY_DATABASE.");
  }
  const production = env.NODE_ENV === "production";
  if (production && values.PARLEY_SECRET === undefined) {
    throw new ConfigError(`PARLEY_SECRET is required in production; \`openssl rand -base64 48\` makes one.`);
  }
  return {
    host: values.PARLEY_HOST,
    port: values.PARLEY_PORT,
    dataFolder: values.PARLEY_DATA,
    postgres:
      values.PARLEY_DATABASE === undefined
        ? null
        : {
            url: values.PARLEY_DATABASE,
            connections: values.PARLEY_DATABASE_CONNECTIONS,
            unsafe: values.PARLEY_DATABASE_UNSAFE,
          },
    redis: values.PARLEY_BUS ?? null,
    backupFolder: values.PARLEY_BACKUPS ?? null,
    archives:
      values.PARLEY_ARCHIVES === undefined
        ? null
        : { folder: values.PARLEY_ARCHIVES, days: values.PARLEY_ARCHIVE_DAYS },
    givenSecret: values.PARLEY_SECRET ?? null,
    tokenRules: {
      previousSecrets: values.PARLEY_PREVIOUS_SECRETS,
      issuer: values.PARLEY_TOKEN_ISSUER ?? null,
      audience: values.PARLEY_TOKEN_AUDIENCE ?? null,
      maxAge: values.PARLEY_TOKEN_MAX_AGE ?? null,
      clockTolerance: values.PARLEY_CLOCK_TOLERANCE,
    },
    jwks: values.PARLEY_JWKS ?? null,
    token: values.PARLEY_TOKEN ?? null,
    sendRate: values.PARLEY_SEND_RATE,
    limits: limitsOf(values),
    media: mediaOf(values),
    hooksFile: values.PARLEY_HOOKS ?? null,
    pushFile: values.PARLEY_PUSH ?? null,
    proxies: values.PARLEY_TRUST_PROXY,
    sessionLimits: values.PARLEY_SESSION_LIMITS,
    allowedOrigins: values.PARLEY_ALLOWED_ORIGINS ?? null,
    graphiql: values.PARLEY_GRAPHIQL,
    search: values.PARLEY_SEARCH,
    chat: values.PARLEY_CHAT ?? !production,
    status: values.PARLEY_STATUS ?? !production,
    metricsPort: values.PARLEY_METRICS_PORT ?? null,
    logLevel: values.PARLEY_LOG_LEVEL,
    production,
  };
}

/** The secret that was given; in development else the one in the data folder, which is made at the first start. */
export function secretOf({ givenSecret, dataFolder }: Config): string {
  if (givenSecret !== null) return givenSecret;
  const path = join(dataFolder, "secret");
  if (!existsSync(path)) {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    writeFileSync(path, randomBytes(48).toString("base64"), { mode: 0o600, flag: "wx" });
  }
  return readFileSync(path, "utf8").trim();
}
