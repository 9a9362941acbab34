/** Every setting of a process, as it is written in the environment. */
import { z } from "zod";
import { PLATFORMS, type Platform } from "../engine/model.ts";
import { DEFAULT_LIMITS } from "../server/limits.ts";
import { DEFAULT_MEDIA } from "../server/media-options.ts";
import { DEFAULT_TOKEN_RULES, SHORTEST_SECRET_BYTES } from "../server/tokens.ts";

export const HOUR_MS = 3_600_000;
export const MIB = 1024 * 1024;

const DEFAULT_SESSION_LIMITS: Record<Platform, number> = { WEB: 10, IOS: 1, ANDROID: 1, DESKTOP: 1, OTHER: 1 };

function wholeNumber(low: number, high: number) {
  const message = `must be a whole number from ${low} to ${high}`;
  return z
    .string()
    .regex(/^\d+$/, message)
    .transform(Number)
    .refine((value) => value >= low && value <= high, message);
}

const sessionLimits = z.string().transform((text, context) => {
  const limits = { ...DEFAULT_SESSION_LIMITS };
  for (const part of text.split(",")) {
    const match = /^\s*([A-Z]+)=(\d{1,4})\s*$/.exec(part);
    const platform = PLATFORMS.find((name) => name === match?.[1]);
    const limit = Number(match?.[2]);
    if (platform === undefined || limit < 1) {
      const message = `must read like WEB=10,IOS=1, with numbers of 1 or more, of ${PLATFORMS.join(", ")}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
    limits[platform] = limit;
  }
  return limits;
});

const origins = z.string().transform((text, context) => {
  const list = text.split(",").map((origin) => origin.trim());
  const isOrigin = (text: string) => text === "*" || (URL.canParse(text) && new URL(text).origin === text);
  if (list.every(isOrigin)) return list;
  context.addIssue({ code: "custom", message: "must be origins such as https://chat.example.com, with commas, or *" });
  return z.NEVER;
});

const yesOrNo = z.enum(["true", "false"], "must be true or false").transform((text) => text === "true");

const isLongEnough = (secret: string) => Buffer.byteLength(secret) >= SHORTEST_SECRET_BYTES;

const secrets = z.string().transform((text, context) => {
  const list = text.split(",").map((secret) => secret.trim());
  if (list.every(isLongEnough)) return list;
  const message = `must be secrets of at least ${SHORTEST_SECRET_BYTES} bytes, with commas between them`;
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

const keyPlace = z.string().refine((text) => {
  if (!/^[a-z][a-z0-9+.-]+:/i.test(text)) return true;
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return false;
  return protocol === "https:" || (protocol === "http:" && LOOPBACK.test(hostname));
}, "must be the path of a file or an https URL without a password; http only to this machine");

const serviceUrl = z.string().refine((text) => {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).username === "";
}, "must be a URL such as https://s3.example.com, without a password");

const busUrl = z.string().refine((text) => {
  return URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol);
}, "must be a URL such as redis://redis.example.com:6379");

const databaseUrl = z.string().refine((text) => {
  return URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol) && new URL(text).pathname.length > 1;
}, "must be a URL such as postgres://parley:password@db.example.com/parley");

/** A folder, or a bucket: `s3://bucket` or `s3://bucket/what/keys/begin/with`. */
const mediaPlace = z.string().transform((text, context) => {
  if (!/^s3:/i.test(text)) return { folder: text };
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w./-]*))?$/.exec(text);
  const [, bucket, prefix = ""] = match ?? [];
  if (bucket !== undefined) return { bucket, prefix: prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/` };
  context.addIssue({ code: "custom", message: "must be a folder, or a bucket such as s3://chat-media/uploads" });
  return z.NEVER;
});

const publicUrl = z.string().refine((text) => {
  return (
    URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text.replace(/\/$/, "")
  );
}, "must be an origin such as https://chat.example.com");

const rate = (uses: number) => wholeNumber(0, 100_000).default(uses);
const count = (limit: number) => wholeNumber(1, 1_000_000).default(limit);

/** Every setting there is; `docs/settings.md` describes each, and a test holds the two together. */
export const environment = z.object({
  PARLEY_HOST: z.string().min(1, "must name an address").default("127.0.0.1"),
  PARLEY_PORT: wholeNumber(0, 65_535).default(4_000),
  PARLEY_DATA: z.string().min(1, "must name a folder").default("./data"),
  PARLEY_DATABASE: databaseUrl.optional(),
  PARLEY_DATABASE_CONNECTIONS: wholeNumber(2, 1_000).default(10),
  PARLEY_DATABASE_UNSAFE: yesOrNo.default(false),
  PARLEY_BUS: busUrl.optional(),
  PARLEY_BACKUPS: z.string().min(1, "must name a folder").optional(),
  PARLEY_ARCHIVES: z.string().min(1, "must name a folder").optional(),
  PARLEY_ARCHIVE_DAYS: wholeNumber(1, 3_650).default(7),
  PARLEY_MEDIA: mediaPlace.optional(),
  PARLEY_S3_ENDPOINT: serviceUrl.optional(),
  PARLEY_S3_REGION: z
    .string()
    .regex(/^[a-z0-9-]+$/, "must be a region such as eu-central-1")
    .default("us-east-1"),
  PARLEY_S3_PATH_STYLE: yesOrNo.optional(),
  PARLEY_S3_REDIRECT: yesOrNo.default(false),
  PARLEY_HOOKS: z.string().min(1, "must name a file").optional(),
  PARLEY_PUSH: z.string().min(1, "must name a file").optional(),
  PARLEY_PUBLIC_URL: publicUrl.optional(),
  PARLEY_LINK_HOURS: wholeNumber(1, 720).default(DEFAULT_MEDIA.linkMs / HOUR_MS),
  PARLEY_UPLOAD_HOURS: wholeNumber(1, 720).default(DEFAULT_MEDIA.rules.lifetimeMs / HOUR_MS),
  PARLEY_UPLOAD_QUOTA_MIB: wholeNumber(0, 1_048_576).default(DEFAULT_MEDIA.rules.bytes / MIB),
  PARLEY_UNFINISHED_UPLOADS: wholeNumber(0, 10_000).default(DEFAULT_MEDIA.rules.unfinished),
  PARLEY_FREE_MIB: wholeNumber(0, 1_048_576).default(DEFAULT_MEDIA.rules.freeBytes / MIB),
  PARLEY_SECRET: z
    .string()
    .refine(isLongEnough, `must have at least ${SHORTEST_SECRET_BYTES} bytes; \`openssl rand -base64 48\` makes one`)
    .optional(),
  PARLEY_PREVIOUS_SECRETS: secrets.default([]),
  PARLEY_JWKS: keyPlace.optional(),
  PARLEY_TOKEN: z.string().optional(),
  PARLEY_TOKEN_ISSUER: z.string().optional(),
  PARLEY_TOKEN_AUDIENCE: z.string().optional(),
  PARLEY_TOKEN_MAX_AGE: wholeNumber(1, 31_536_000).optional(),
  PARLEY_CLOCK_TOLERANCE: wholeNumber(0, 3_600).default(DEFAULT_TOKEN_RULES.clockTolerance),
  PARLEY_SEND_RATE: wholeNumber(0, 100_000).default(20),
  PARLEY_READ_RATE: rate(DEFAULT_LIMITS.readRate),
  PARLEY_LOGIN_RATE: rate(DEFAULT_LIMITS.loginRate),
  PARLEY_ADDRESS_RATE: rate(DEFAULT_LIMITS.addressRate),
  PARLEY_TRUST_PROXY: wholeNumber(0, 10).default(0),
  PARLEY_MAX_CONNECTIONS: count(DEFAULT_LIMITS.connections),
  PARLEY_USER_CONNECTIONS: count(DEFAULT_LIMITS.connectionsPerUser),
  PARLEY_ADDRESS_CONNECTIONS: wholeNumber(0, 1_000_000).default(DEFAULT_LIMITS.connectionsPerAddress),
  PARLEY_WAITING_CONNECTIONS: count(DEFAULT_LIMITS.waitingConnections),
  PARLEY_INIT_SECONDS: wholeNumber(1, 60).default(DEFAULT_LIMITS.initTimeoutMs / 1_000),
  PARLEY_USER_SUBSCRIPTIONS: count(DEFAULT_LIMITS.subscriptionsPerUser),
  PARLEY_CONNECTION_SUBSCRIPTIONS: count(DEFAULT_LIMITS.subscriptionsPerConnection),
  PARLEY_CONNECTION_OPERATIONS: count(DEFAULT_LIMITS.operationsPerConnection),
  PARLEY_FRAME_BYTES: wholeNumber(1_024, 16_777_216).default(DEFAULT_LIMITS.frameBytes),
  PARLEY_BODY_BYTES: wholeNumber(1_024, 16_777_216).default(DEFAULT_LIMITS.bodyBytes),
  PARLEY_DOCUMENT_TOKENS: wholeNumber(100, 100_000).default(DEFAULT_LIMITS.documentTokens),
  PARLEY_SLOW_READER_SECONDS: wholeNumber(1, 3_600).default(DEFAULT_LIMITS.slowReaderMs / 1_000),
  PARLEY_UNREAD_BYTES: wholeNumber(65_536, 1_073_741_824).default(DEFAULT_LIMITS.unreadBytes),
  PARLEY_SESSION_LIMITS: sessionLimits.default(DEFAULT_SESSION_LIMITS),
  PARLEY_ALLOWED_ORIGINS: origins.optional(),
  PARLEY_GRAPHIQL: yesOrNo.default(true),
  PARLEY_SEARCH: yesOrNo.default(true),
  PARLEY_CHAT: yesOrNo.optional(),
  PARLEY_STATUS: yesOrNo.optional(),
  PARLEY_METRICS_PORT: wholeNumber(0, 65_535).optional(),
  PARLEY_LOG_LEVEL: z
    .enum(["debug", "info", "warn", "error", "fatal", "silent"], "must be debug, info, warn, error, fatal or silent")
    .default("info"),
});
