/** What an operator writes about the app's hooks: one file of JSON. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { EVENT_KINDS, type EventKind } from "../engine/event-store.ts";
import { namesInternalAddress } from "../outgoing/public-addresses.ts";
import { EVENT_TYPES } from "./event-types.ts";

/** As Standard Webhooks has them: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const SECRET = /^whsec_[A-Za-z0-9+/]+={0,2}$/;

const secret = z
  .string()
  .regex(SECRET, "begins with whsec_, and goes on with the secret in base64")
  .refine((text) => {
    const { length } = Buffer.from(text.slice("whsec_".length), "base64");
    return length >= 24 && length <= 64;
  }, "holds 24 to 64 bytes; `openssl rand -base64 32` makes such");

const endpoint = z
  .strictObject({
    url: z.string().refine((text) => URL.canParse(text), { error: "is no URL", abort: true }),
    /** The first signs; all of them do while the app changes from one to the other. */
    secrets: z.array(secret).min(1).max(3),
    /** Whether it may lie in a network of one's own, and be asked without encryption. */
    internal: z.boolean().default(false),
    /** Certificates that are trusted instead of the system's, as PEM. */
    ca: z.string().optional(),
  })
  .refine(({ url, internal }) => {
    const { protocol, username, password } = new URL(url);
    return (protocol === "https:" || (internal && protocol === "http:")) && username === "" && password === "";
  }, "has a URL with https and no password in it; http is for those that are internal")
  .refine(({ url, internal }) => internal || !namesInternalAddress(new URL(url)), "names an address that is internal");

const typeNames = EVENT_KINDS.map((kind) => EVENT_TYPES[kind]);

export const hooksConfig = z
  .strictObject({
    beforeSend: z
      .strictObject({
        endpoint,
        timeoutMs: z.number().int().min(100).max(10_000).default(2_000),
        onFailure: z.enum(["allow", "refuse"]),
        /** Whether admins' messages are asked about too. */
        admins: z.boolean().default(false),
      })
      .optional(),
    events: z
      .array(
        z.strictObject({
          /** Names it in the queue, in metrics and in the audit trail. */
          name: z.string().regex(/^[a-z0-9-]{1,32}$/, "has 1 to 32 of a-z 0-9 -"),
          endpoint,
          types: z.array(z.enum(typeNames)).min(1).optional(),
          concurrency: z.number().int().min(1).max(64).default(16),
          timeoutMs: z.number().int().min(100).max(60_000).default(10_000),
        }),
      )
      .max(10)
      .default([]),
    /** Hours after which an event that is not taken is given up. */
    lifetimeHours: z.number().min(0.1).max(168).default(24),
  })
  .refine(({ events }) => new Set(events.map(({ name }) => name)).size === events.length, "has two hooks of one name");
export type HooksConfig = z.infer<typeof hooksConfig>;
export type EndpointConfig = z.infer<typeof endpoint>;

/** The kinds that an operator has named by their types; all where none is named. */
export function kindsOf(types: readonly string[] | undefined): ReadonlySet<EventKind> {
  return new Set(EVENT_KINDS.filter((kind) => types === undefined || types.includes(EVENT_TYPES[kind])));
}

/**
 * Reads the file.
 * @throws Error that names each part at fault
 */
export function readHooksConfig(path: string): HooksConfig {
  let written: unknown;
  try {
    written = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new Error(`${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = hooksConfig.safeParse(written);
  if (result.success) return result.data;
  const faults = result.error.issues.map(({ path: place, message }) => `${place.join(".") || "the file"}: ${message}`);
  throw new Error(`${path} cannot be used: ${faults.join("; ")}`);
}
