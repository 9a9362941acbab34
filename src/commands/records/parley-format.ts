/** Parley's own records, or what is written in their form: docs/records.md. */
import { z } from "zod";
import { content, type Format, instant, type LineReading, parsed, SYSTEM, userId, wrongOf } from "./item.ts";

const RECORDS_VERSION = 1;

const typed = z.object({ type: z.string() });
const header = z.object({ version: z.literal(RECORDS_VERSION, "must be 1: other records are of another Parley") });
const user = z.object({
  id: userId,
  nickname: z.string().nullable().optional(),
  avatarUrl: z.string().nullable().optional(),
});
const relation = z.object({ user: userId, other: userId, since: instant.nullish() });
const message = z.object({
  id: z.string().optional(),
  from: userId,
  to: userId,
  sentAt: instant,
  content,
  clientMessageId: z.string().nullish(),
  customData: z.string().nullish(),
  read: z.boolean().optional(),
});
/** Messages of which there is nothing to import: recalled, or hidden from all but their sender. */
const empty = z.union([z.object({ recalledAt: z.string() }), z.object({ hidden: z.literal(true) })]);

function relationOf(kind: "FRIENDS" | "BLOCKED", record: unknown): LineReading {
  const read = relation.safeParse(record);
  return read.success ? { items: [{ kind: "relation", input: { kind, ...read.data } }] } : wrongOf(read.error);
}

function messageOf(record: unknown): LineReading {
  if (empty.safeParse(record).success) return { passedOver: true };
  const read = message.safeParse(record);
  if (!read.success) return wrongOf(read.error);
  const { id, clientMessageId, ...input } = read.data;
  const key = clientMessageId ?? (id === undefined ? null : `record:${id}`);
  if (key === null) return { wrong: "clientMessageId or id is needed, so that nothing is imported twice" };
  return { items: [{ kind: "message", input: { ...input, clientMessageId: key } }] };
}

export function parleyFormat(): Format {
  return {
    line(text) {
      const record = parsed(text);
      const read = typed.safeParse(record);
      if (!read.success) return { wrong: "it is no JSON object with a `type`" };
      switch (read.data.type) {
        case "header": {
          const known = header.safeParse(record);
          return known.success ? { passedOver: true } : wrongOf(known.error);
        }
        case "user": {
          const profile = user.safeParse(record);
          if (profile.success && profile.data.id === SYSTEM) return { passedOver: true };
          return profile.success ? { items: [{ kind: "user", input: profile.data }] } : wrongOf(profile.error);
        }
        case "friend":
          return relationOf("FRIENDS", record);
        case "block":
          return relationOf("BLOCKED", record);
        case "message":
          return messageOf(record);
        default:
          return { passedOver: true };
      }
    },
    end: () => null,
  };
}
