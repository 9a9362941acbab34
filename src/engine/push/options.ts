/** What a sender wants a notification to say. */
import { checkString, invalid } from "../content-checks.ts";
import type { PushOptions } from "../model.ts";

const MOST_PUSH_BYTES = 4 * 1024;

export interface PushInput {
  readonly disabled?: boolean | undefined;
  readonly title?: string | null | undefined;
  readonly body?: string | null | undefined;
  readonly data?: string | null | undefined;
}

/** @throws Refusal INVALID_CONTENT for over 4 KiB, or text that no store can carry */
export function readPush(push: PushInput | null | undefined): PushOptions | null {
  if (push == null) return null;
  const text = (name: "title" | "body" | "data") => {
    const value = push[name] ?? null;
    return value === null ? null : checkString(value, `push.${name}`);
  };
  const options = { disabled: push.disabled ?? false, title: text("title"), body: text("body"), data: text("data") };
  const bytes = [options.title, options.body, options.data].reduce(
    (sum, part) => sum + Buffer.byteLength(part ?? ""),
    0,
  );
  if (bytes > MOST_PUSH_BYTES) throw invalid("push", `Its strings are over ${MOST_PUSH_BYTES} bytes in UTF-8.`);
  return options;
}
