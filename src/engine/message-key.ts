/** The sender's idempotency key, and what must be the same whenever it is used again. */
import { hash } from "node:crypto";
import type { ContentInput } from "./content.ts";
import { checkString, invalid } from "./content-checks.ts";

const LONGEST_KEY = 64;

/** What a key stands for. */
interface Keyed {
  readonly to: string;
  readonly content: ContentInput;
  readonly customData?: string | null | undefined;
  readonly replyTo?: string | null | undefined;
}

/** @throws Refusal INVALID_CONTENT for what is no key */
export function readKey(key: string | null | undefined): string | null {
  if (key == null) return null;
  checkString(key, "clientMessageId");
  const { length } = Array.from(key);
  if (length < 1 || length > LONGEST_KEY) {
    throw invalid("clientMessageId", `It has 1 to ${LONGEST_KEY} characters.`);
  }
  return key;
}

/** The same for the same input, whatever the order of its keys, and whether null or left out. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .filter(([, part]) => part != null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, part]) => [key, canonical(part)]);
}

/** Two sends of one sender under one key are the same where this is. */
export function fingerprintOf({ to, content, customData, replyTo }: Keyed): string {
  const what = JSON.stringify([to, canonical(content), customData ?? null, replyTo ?? null]);
  return hash("sha256", what, "base64");
}
