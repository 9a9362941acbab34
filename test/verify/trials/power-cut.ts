/**
 * The power is cut under load: at any step, and with any luck for what was not synced. The built server runs under
 * `strace`; what it did to its files is replayed up to the cut, and what a disk may hold then is opened with our own
 * store. Whatever a socket was told before the cut must be there.
 *
 * The control is the same server with `synchronous=NORMAL`. It must lose messages, or the trial proves nothing.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import Sqlite from "better-sqlite3";
import { parseMessageId } from "../../../src/engine/ids.ts";
import { openSqlite } from "../../../src/store/sqlite/sqlite.ts";
import { RUNS_AMISS } from "../../support/runs.ts";
import { Disk, type Luck, noTracer, readTrace, type Step, traced } from "../disk-trace.ts";
import { type Breach, type Findings, findings, type Trial } from "../findings.ts";
import type { Journal, SendRecord } from "../journal.ts";
import { underLoad } from "../under-load.ts";

const LUCKS: readonly Luck[] = ["nothing", "everything", "some"];
const SENT = /"sendMessage":\{"duplicate":(?:true|false),"message":\{"id":"([^"]+)","seq":(\d+)\}/g;
const RECALLED = /"recallMessage":\{"message":\{"id":"([^"]+)"\}/g;

/** What clients had been told when the power went. */
class Told {
  readonly sent = new Map<string, number>();
  readonly recalled = new Set<string>();

  hear(text: string): void {
    for (const [, id = "", seq] of text.matchAll(SENT)) this.sent.set(id, Number(seq));
    for (const [, id = ""] of text.matchAll(RECALLED)) this.recalled.add(id);
  }
}

interface Row {
  readonly sender_id: string;
  readonly recipient_id: string;
  readonly text: string | null;
}

/** What holds in every store that nothing was swept from. */
const NEVER = {
  "a gap in a conversation": `select id from conversations c
    where last_seq <> (select count(*) from messages where conversation_id = c.id and seq <= c.last_seq)
      or last_seq <> (select max(seq) from messages where conversation_id = c.id)`,
  "a gap in a log": `select id from users u
    where head <> (select count(*) from user_log where user_id = u.id)
      or head <> (select coalesce(max(position), 0) from user_log where user_id = u.id)`,
  "a message that is not in the logs of both sides": `select 1 from messages m
    where m.hidden = 0 and m.sender_id <> 'system' and (1 <> (select count(*) from user_log
        where user_id = m.recipient_id and kind = 'received' and conversation_id = m.conversation_id and seq = m.seq)
      or 1 <> (select count(*) from user_log
        where user_id = m.sender_id and kind = 'sent' and conversation_id = m.conversation_id and seq = m.seq))`,
  "an entry of no message": `select 1 from user_log l where kind in ('received', 'sent') and not exists
    (select 1 from messages m where m.conversation_id = l.conversation_id and m.seq = l.seq)`,
  ...RUNS_AMISS,
};

function examine(database: Sqlite.Database, told: Told, known: ReadonlyMap<string, SendRecord>): Breach[] {
  const breaches: Breach[] = [];
  const damage = [database.pragma("integrity_check", { simple: true }), database.pragma("foreign_key_check")];
  if (JSON.stringify(damage) !== '["ok",[]]') return [{ kind: "other", what: `damaged: ${JSON.stringify(damage)}` }];
  for (const [what, text] of Object.entries(NEVER)) {
    if (database.prepare(text).get() !== undefined) breaches.push({ kind: "other", what });
  }
  const find = database.prepare<[number, number], Row>(
    `select sender_id, recipient_id, json_extract(content, '$.text') as text from messages
      where conversation_id = ? and seq = ?`,
  );
  for (const [id, seq] of told.sent) {
    const place = parseMessageId(id);
    const row = place === null ? undefined : find.get(place.conversationId, place.seq);
    if (row === undefined) breaches.push({ kind: "lost", what: `${id}, which was acknowledged, is not there` });
    if (row === undefined || place === null) continue;
    if (place.seq !== seq) breaches.push({ kind: "out of order", what: `${id} was acknowledged as number ${seq}` });
    if (told.recalled.has(id) && row.text !== null) breaches.push({ kind: "other", what: `${id} had been recalled` });
    const send = known.get(id);
    // A client that gave up never heard of it.
    if (send === undefined) continue;
    const same = send.from === row.sender_id && send.to === row.recipient_id;
    if (!same || (row.text !== send.key && (row.text !== null || send.recall === "none"))) {
      breaches.push({ kind: "lost", what: `${id} was acknowledged as "${send.key}" and is ${JSON.stringify(row)}` });
    }
  }
  return breaches;
}

/** Opens what the disk holds with our own store, as a start would, and looks whether all is there. */
async function judge(image: ReadonlyMap<string, Buffer>, told: Told, known: ReadonlyMap<string, SendRecord>) {
  const folder = mkdtempSync(join(tmpdir(), "parley-image-"));
  try {
    for (const [name, content] of image) writeFileSync(join(folder, name), content);
    const path = join(folder, "parley.sqlite");
    await openSqlite(path, { committed() {}, failed() {} }).close();
    const database = new Sqlite(path);
    try {
      return examine(database, told, known);
    } finally {
      database.close();
    }
  } catch (error) {
    return [{ kind: "other", what: `it cannot be opened: ${String(error)}` } satisfies Breach];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Steps after which the power is cut: half of them right before or after a sync or an answer, half anywhere. */
function cutsIn(steps: readonly Step[], count: number): Set<number> {
  const decisive = [...steps.keys()].filter((index) => /sync|answer/.test(steps[index]?.kind ?? ""));
  const cuts = new Set<number>();
  while (cuts.size < Math.min(count, steps.length)) {
    const near = decisive[Math.floor(Math.random() * decisive.length)] ?? 0;
    cuts.add(cuts.size % 2 === 0 ? near - Math.round(Math.random()) : Math.floor(Math.random() * steps.length));
  }
  return cuts;
}

function acknowledgedIn({ sends }: Journal): Map<string, SendRecord> {
  const known = new Map<string, SendRecord>();
  for (const send of sends) {
    for (const outcome of send.outcomes) if (outcome.kind === "acknowledged") known.set(outcome.id, send);
  }
  return known;
}

interface Cuts {
  /** Of the run under load itself. */
  readonly findings: Findings;
  readonly cuts: number;
  /** Cuts after which something was not as promised. */
  readonly harmed: number;
  readonly breaches: readonly Breach[];
}

async function cutPower(acknowledged: number, count: number, preload: string | null): Promise<Cuts> {
  const folder = mkdtempSync(join(tmpdir(), "parley-trace-"));
  const into = join(folder, "trace");
  let journal: Journal | null = null;
  let dataFolder = "";
  try {
    const trace = traced(into);
    const ran = await underLoad({
      wrap: ([node = "", ...rest]) => trace([node, ...(preload === null ? [] : ["--import", preload]), ...rest]),
      async faults(world) {
        ({ dataFolder } = world);
        ({ journal } = world.load);
        await world.load.untilAcknowledged(acknowledged);
      },
    });
    const steps = await readTrace(into, dataFolder);
    const known = acknowledgedIn(journal ?? { sends: [], devices: [], auditors: [], marks: [], histories: [] });
    const disk = new Disk();
    const told = new Told();
    const cuts = cutsIn(steps, count);
    const breaches: Breach[] = [];
    let [cut, harmed] = [0, 0];
    for (const [index, step] of steps.entries()) {
      disk.take(step);
      if (step.kind === "answer") told.hear(step.text);
      if (!cuts.has(index)) continue;
      const luck = LUCKS[cut % LUCKS.length] ?? "some";
      const found = await judge(disk.image(luck), told, known);
      cut += 1;
      if (found.length > 0) harmed += 1;
      const where = `power cut after step ${index} (${step.kind}), ${luck} of what was not synced`;
      breaches.push(...found.map(({ kind, what }) => ({ kind, what: `${where}: ${what}` })));
    }
    if (told.sent.size < acknowledged) {
      breaches.push({ kind: "other", what: `the trace shows ${told.sent.size} acknowledgements of ${acknowledged}` });
    }
    return { findings: ran, cuts: cut, harmed, breaches };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const powerCut: Trial = {
  name: "power cut, and a start on what the disk holds",
  unavailable: noTracer,
  async run(scale) {
    const real = await cutPower(scale.pick(400, 1_000), scale.pick(150, 5_000), null);
    const lesser = pathToFileURL("test/verify/without-sync.mjs").href;
    const control = await cutPower(scale.pick(150, 400), scale.pick(30, 150), lesser);
    const breaches = [...real.findings.breaches, ...real.breaches];
    if (!control.breaches.some(({ kind }) => kind === "lost")) {
      const what = `the control, synchronous=NORMAL, lost nothing in ${control.cuts} power cuts: this trial is blind`;
      breaches.push({ kind: "other", what });
    }
    process.stdout.write(`  control, synchronous=NORMAL: harm in ${control.harmed} of ${control.cuts} power cuts\n`);
    return findings({
      faults: { "power cut": real.cuts },
      acknowledged: real.findings.acknowledged,
      breaches,
    });
  },
};
