/** `parley stats`: asks the running server how it is, and says so to people or to programs. */
import { z } from "zod";
import { QUERY, type ServerStats } from "../numbers/query.ts";
import { bytes, counted, span, sum } from "../numbers/units.ts";
import { ask, type RunningApi } from "./api.ts";

const size = z.number().nullable();
const serverStats: z.ZodType<ServerStats> = z.object({
  at: z.string(),
  startedAt: z.string(),
  version: z.string(),
  usersOnline: z.number(),
  connections: z.number(),
  subscriptions: z.number(),
  messagesPerMinute: z.array(z.number()),
  stored: z
    .object({
      countedAt: z.string(),
      users: z.number(),
      conversations: z.number(),
      messages: z.number(),
      uploads: z.number(),
      uploadBytes: z.number(),
    })
    .nullable(),
  storage: z.object({ databaseBytes: size, logBytes: size, searchIndexBytes: size, freeBytes: size }),
  retention: z.object({ keptSince: z.string(), oldestMessageAt: z.string().nullable(), overdueSeconds: z.number() }),
  pushQueues: z.array(
    z.object({
      vendor: z.string(),
      states: z.array(z.object({ state: z.string(), count: z.number(), oldestAt: z.string() })),
      broken: z.string().nullable(),
    }),
  ),
  hookQueues: z.array(
    z.object({ hook: z.string(), waiting: z.number(), dead: z.number(), oldestAt: z.string().nullable() }),
  ),
  lastBackup: z
    .object({ name: z.string(), startedAt: z.string(), seconds: z.number(), sizeBytes: z.number() })
    .nullable(),
  clockDoubted: z.boolean(),
  eventLoopDelayMs: z.number(),
  longestEventLoopDelayMs: z.number(),
});

const answer = z.object({ serverStats });

type Line = readonly [what: string, value: string];
type Section = readonly [title: string, lines: readonly Line[]];

function sectionsOf(stats: ServerStats): readonly Section[] {
  const { stored, storage, retention, messagesPerMinute: perMinute } = stats;
  const since = (instant: string) => span(Date.parse(stats.at) - Date.parse(instant));
  const [before, running] = perMinute.slice(-2);

  function pushes(): readonly Line[] {
    return stats.pushQueues.map(({ vendor, states, broken }) => {
      const parts = states.map(
        ({ state, count, oldestAt }) => `${counted(count)} ${state.toLowerCase()} (oldest ${since(oldestAt)})`,
      );
      const queue = parts.length === 0 ? "nothing" : parts.join(", ");
      return [vendor, broken === null ? queue : `${queue}; broken: ${broken}`];
    });
  }

  function hooks(): readonly Line[] {
    return stats.hookQueues.map(({ hook, waiting, dead, oldestAt }) => {
      const age = oldestAt === null ? "" : ` (oldest ${since(oldestAt)})`;
      return [hook, `${counted(waiting)} waiting${age}, ${counted(dead)} dead`];
    });
  }

  function backup(): string {
    if (stats.lastBackup === null) return "none since the start";
    const { name, startedAt, sizeBytes } = stats.lastBackup;
    return `${name}, ${since(startedAt)} ago, ${bytes(sizeBytes)}`;
  }

  return [
    [
      `Parley ${stats.version}, up ${since(stats.startedAt)}`,
      [
        ["users online", counted(stats.usersOnline)],
        ["connections", `${counted(stats.connections)}, with ${counted(stats.subscriptions)} subscriptions`],
        ["messages this minute", `${counted(running ?? 0)}, ${counted(before ?? 0)} in the one before`],
        ["in the last hour", `${counted(sum(perMinute))}, at most ${counted(Math.max(0, ...perMinute))} in a minute`],
        [
          "event loop late by",
          `${stats.eventLoopDelayMs.toFixed(0)} ms, at most ${stats.longestEventLoopDelayMs.toFixed(0)} ms`,
        ],
        ["clock", stats.clockDoubted ? "doubted: it is not where it should be" : "believed"],
      ],
    ],
    [
      "Stored",
      stored === null
        ? [["messages", "being counted for the first time; ask again"]]
        : [
            ["users", counted(stored.users)],
            ["conversations", counted(stored.conversations)],
            ["messages", `${counted(stored.messages)}, about; counted ${since(stored.countedAt)} ago`],
            ["uploads", `${counted(stored.uploads)}, ${bytes(stored.uploadBytes)}`],
          ],
    ],
    [
      "Disk",
      [
        ["database", bytes(storage.databaseBytes)],
        ["write-ahead log", bytes(storage.logBytes)],
        ["search index", storage.searchIndexBytes === null ? "none" : bytes(storage.searchIndexBytes)],
        ["free", bytes(storage.freeBytes)],
        ["last backup", backup()],
      ],
    ],
    [
      "Retention",
      [
        ["kept for", since(retention.keptSince)],
        ["oldest message", retention.oldestMessageAt === null ? "none" : `${since(retention.oldestMessageAt)} old`],
        ["overdue by", span(retention.overdueSeconds * 1_000)],
      ],
    ],
    ["Pushes", pushes()],
    ["Hooks", hooks()],
  ];
}

function textOf(stats: ServerStats): string {
  const sections = sectionsOf(stats).filter(([, lines]) => lines.length > 0);
  const width = Math.max(...sections.flatMap(([, lines]) => lines.map(([what]) => what.length)));
  return sections
    .map(([title, lines]) => [title, ...lines.map(([what, value]) => `  ${what.padEnd(width)}  ${value}`)].join("\n"))
    .join("\n\n");
}

/**
 * Asks the running server.
 * @param json for programs: what `serverStats` answers, as JSON
 * @returns what to print
 * @throws Error with what is wrong, where no server answers or it refuses
 */
export async function stats(api: RunningApi, json: boolean): Promise<string> {
  const { serverStats: found } = await ask(api, QUERY, {}, answer);
  return json ? JSON.stringify(found, null, 2) : textOf(found);
}
