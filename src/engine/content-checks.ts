/** Checks that inputs of all kinds share. */
import { Refusal } from "./errors.ts";

export const LONGEST_URL_BYTES = 2_048;

/** An input at fault, by its path. */
export function invalid(field: string, reason: string): Refusal {
  return new Refusal("INVALID_CONTENT", reason, { field });
}

/** @throws Refusal INVALID_CONTENT for text that no store and no JSON can carry: NUL, or half of a surrogate pair. */
export function checkString(value: string, field: string): string {
  if (value.includes("\0")) throw invalid(field, "It holds a NUL character; remove it.");
  if (!value.isWellFormed()) throw invalid(field, "It holds half of a surrogate pair; send whole characters.");
  return value;
}

/** Whether this is an http or https URL of a length that we keep. */
export function isWebUrl(value: string): boolean {
  if (Buffer.byteLength(value) > LONGEST_URL_BYTES || !URL.canParse(value)) return false;
  return /^https?:\/\//i.test(value);
}

export function optionalString(value: string | null | undefined, field: string): string | null {
  return value == null ? null : checkString(value, field);
}
