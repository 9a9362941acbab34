/** What a line of a file asks to be imported, once its format has been read. */
import { z } from "zod";

const int = z.number().int().min(-2_147_483_648).max(2_147_483_647);
const text = z.string();
const picture = z.object({
  url: text,
  width: int.nullish(),
  height: int.nullish(),
  size: int.nullish(),
  format: text.nullish(),
});

const kinds = z.object({
  text: z.object({ text }).optional(),
  face: z.object({ index: int, data: text.nullish() }).optional(),
  location: z.object({ name: text, latitude: z.number(), longitude: z.number() }).optional(),
  image: picture.optional(),
  sound: z.object({ url: text, size: int, durationMs: int }).optional(),
  file: z.object({ url: text, name: text, size: int, mimeType: text.nullish() }).optional(),
  video: z
    .object({
      url: text,
      size: int,
      durationMs: int,
      format: text,
      width: int.nullish(),
      height: int.nullish(),
      cover: picture.nullish(),
    })
    .optional(),
  custom: z.object({ data: text, description: text.nullish(), extension: text.nullish() }).optional(),
  notice: z.object({ title: text.nullish(), body: text, data: text.nullish() }).optional(),
});

/** As `MessageContentInput` takes it; what that does not know is left out. */
export const content = kinds.refine((given) => Object.values(given).filter((kind) => kind !== undefined).length === 1, {
  message: "must be exactly one kind of content",
});

export const instant = z.iso.datetime({ offset: true, error: "must be an instant such as 2026-01-31T09:30:00Z" });
export const userId = z
  .string()
  .regex(/^[A-Za-z0-9_.@+|-]{1,128}$/, "must be a user's id: 1 to 128 of A-Z a-z 0-9 _ - . @ + |");

/** Who sends notices: it is there everywhere. */
export const SYSTEM = "system";

export interface UserItem {
  readonly kind: "user";
  readonly input: {
    readonly id: string;
    readonly nickname?: string | null | undefined;
    readonly avatarUrl?: string | null | undefined;
  };
}

export interface RelationItem {
  readonly kind: "relation";
  readonly input: {
    readonly kind: "FRIENDS" | "BLOCKED";
    readonly user: string;
    readonly other: string;
    readonly since?: string | null | undefined;
  };
}

export interface MessageItem {
  readonly kind: "message";
  readonly input: {
    readonly from: string;
    readonly to: string;
    readonly content: z.infer<typeof content>;
    readonly sentAt: string;
    readonly clientMessageId: string;
    readonly customData?: string | null | undefined;
    readonly read?: boolean | undefined;
  };
}

export type Item = UserItem | RelationItem | MessageItem;

/** What a line gives: items, nothing that could be imported, or why it cannot be read. */
export type LineReading =
  | { readonly items: readonly Item[] }
  | { readonly passedOver: true }
  | { readonly wrong: string };

/** Reads the lines of one file, in their order. */
export interface Format {
  line(text: string): LineReading;
  /** What is wrong with what has come, once all has; null: nothing. */
  end(): string | null;
}

/** What a check found, in a line. */
export function wrongOf(error: z.ZodError): { readonly wrong: string } {
  return { wrong: error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim()).join("; ") };
}

/** @returns undefined for what is no JSON */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
