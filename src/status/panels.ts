/** The server's numbers, panel by panel. */
import type { ServerStats } from "../numbers/query.ts";
import { bytes, counted, span, sum } from "../numbers/units.ts";
import { minutesChart } from "./chart.ts";
import { type Child, element } from "./elements.ts";

/** What is usual: the sweeper rests for ten minutes. */
const USUAL_LAG_SECONDS = 20 * 60;
/** How late the event loop may be before people feel it. */
const USUAL_DELAY_MS = 100;

type Row = readonly [what: string, value: string, wrong?: boolean];

function panel(title: string, ...children: readonly Child[]): HTMLElement {
  const id = `panel-${title.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...children);
}

function big(value: string, note: string): HTMLElement {
  return element("p", { class: "big" }, element("strong", {}, value), ` ${note}`);
}

function rows(list: readonly Row[]): HTMLElement {
  return element(
    "dl",
    {},
    ...list.map(([what, value, wrong = false]) =>
      element(
        "div",
        wrong ? { class: "wrong" } : {},
        element("dt", {}, what),
        element("dd", {}, wrong ? `⚠ ${value}` : value),
      ),
    ),
  );
}

function ofPushes({ pushQueues }: ServerStats, since: (instant: string) => string): HTMLElement {
  const list = pushQueues.flatMap(({ vendor, states, broken }): readonly Row[] => [
    ...(broken === null ? [] : [[vendor, `broken: ${broken}`, true] as const]),
    ...(states.length === 0 && broken === null ? [[vendor, "nothing"] as const] : []),
    ...states.map(
      ({ state, count, oldestAt }): Row => [
        `${vendor} ${state.toLowerCase()}`,
        `${counted(count)}, oldest ${since(oldestAt)}`,
        state === "DEAD",
      ],
    ),
  ]);
  return panel("Pushes", list.length === 0 ? element("p", {}, "No vendor is configured.") : rows(list));
}

function ofHooks({ hookQueues }: ServerStats, since: (instant: string) => string): HTMLElement {
  const list = hookQueues.flatMap(({ hook, waiting, dead, oldestAt }): readonly Row[] => [
    [`${hook} waiting`, oldestAt === null ? "nothing" : `${counted(waiting)}, oldest ${since(oldestAt)}`],
    ...(dead === 0 ? [] : [[`${hook} dead`, counted(dead), true] as const]),
  ]);
  return panel("Hooks", list.length === 0 ? element("p", {}, "No hook is configured.") : rows(list));
}

function ofStored({ stored }: ServerStats, since: (instant: string) => string): HTMLElement {
  if (stored === null) return panel("Stored", element("p", {}, "Being counted for the first time."));
  return panel(
    "Stored",
    rows([
      ["Messages", counted(stored.messages)],
      ["Conversations", counted(stored.conversations)],
      ["Users", counted(stored.users)],
      ["Uploads", `${counted(stored.uploads)}, ${bytes(stored.uploadBytes)}`],
      ["Counted", `${since(stored.countedAt)} ago`],
    ]),
  );
}

/** All panels. */
export function panels(stats: ServerStats): readonly HTMLElement[] {
  const { storage, retention, lastBackup, messagesPerMinute } = stats;
  const at = Date.parse(stats.at);
  const since = (instant: string) => span(at - Date.parse(instant));
  const [before = 0] = messagesPerMinute.slice(-2);
  const { oldestMessageAt, overdueSeconds } = retention;
  const late = `${stats.eventLoopDelayMs.toFixed(0)} ms, at most ${stats.longestEventLoopDelayMs.toFixed(0)} ms`;
  return [
    panel(
      "Online",
      big(counted(stats.usersOnline), stats.usersOnline === 1 ? "user online" : "users online"),
      rows([
        ["Connections", counted(stats.connections)],
        ["Subscriptions", counted(stats.subscriptions)],
      ]),
    ),
    panel(
      "Messages",
      big(counted(sum(messagesPerMinute)), `in the last hour, ${counted(before)} in the last full minute`),
      minutesChart(messagesPerMinute, at),
    ),
    ofPushes(stats, since),
    ofHooks(stats, since),
    ofStored(stats, since),
    panel(
      "Storage",
      rows([
        ["Database", bytes(storage.databaseBytes)],
        ["Write-ahead log", bytes(storage.logBytes)],
        ["Search index", storage.searchIndexBytes === null ? "none" : bytes(storage.searchIndexBytes)],
        ["Free on the disk", bytes(storage.freeBytes)],
        ["Last backup", lastBackup === null ? "none since the start" : `${since(lastBackup.startedAt)} ago`],
      ]),
    ),
    panel(
      "Retention",
      rows([
        ["Kept for", since(retention.keptSince)],
        ["Oldest message", oldestMessageAt === null ? "none" : `${since(oldestMessageAt)} old`],
        ["Overdue by", span(overdueSeconds * 1_000), overdueSeconds > USUAL_LAG_SECONDS],
      ]),
    ),
    panel(
      "Health",
      rows([
        ["Clock", stats.clockDoubted ? "doubted" : "believed", stats.clockDoubted],
        ["Event loop late by", late, stats.eventLoopDelayMs > USUAL_DELAY_MS],
      ]),
    ),
  ];
}
