/** `npm run verify`: tries to break each promise, and ends with a table of what happened. */
import { parseArgs } from "node:util";
import { type Findings, findings, type Scale, type Trial, total } from "./findings.ts";
import { type Row, table } from "./report.ts";
import { clockJumps } from "./trials/clock-jumps.ts";
import { diskErrors } from "./trials/disk-errors.ts";
import { fullDisk } from "./trials/full-disk.ts";
import { kill } from "./trials/kill.ts";
import { halfOpen, reconnectStorm } from "./trials/network.ts";
import { powerCut } from "./trials/power-cut.ts";
import { hostileInput, properties } from "./trials/properties.ts";
import { severalServers } from "./trials/several-servers.ts";
import { stop } from "./trials/stop.ts";
import { stuckReaders } from "./trials/stuck-readers.ts";
import { twoServers } from "./trials/two-servers.ts";

const TRIALS: readonly Trial[] = [
  kill,
  stop,
  halfOpen,
  reconnectStorm,
  stuckReaders,
  powerCut,
  diskErrors,
  fullDisk,
  twoServers,
  severalServers,
  clockJumps,
  properties,
  hostileInput,
];

const IN_TESTS: readonly Trial[] = [properties, hostileInput];

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What a trial may take: many times what any has taken. */
const LIMIT_MINUTES = { short: 6, long: 240 };

async function attempt(trial: Trial, scale: Scale): Promise<Findings> {
  const minutes = scale.pick(LIMIT_MINUTES.short, LIMIT_MINUTES.long);
  let limit: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    limit = setTimeout(() => reject(new Error(`not over after ${minutes} minutes`)), minutes * 60_000);
  });
  try {
    return await Promise.race([trial.run(scale), tooLong]);
  } catch (error) {
    // A trial that cannot be brought to its end has found something, too.
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return findings({ breaches: [{ kind: "other", what: `the trial broke off: ${what}` }] });
  } finally {
    clearTimeout(limit);
  }
}

/** Trials wait more than they work, so that two at a time take little longer than one. */
const AT_A_TIME = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      long: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      // Without what the tests, which have just been run, try as often.
      "after-tests": { type: "boolean", default: false },
    },
  });
  const { long, only, "after-tests": afterTests } = values;
  const scale: Scale = { long, pick: (short, longer) => (long ? longer : short) };
  const chosen = TRIALS.filter((trial) => trial.name.includes(only) && !(afterTests && IN_TESTS.includes(trial)));
  const rows = new Map<Trial, Row>();
  const skipped: string[] = [];

  async function take(trial: Trial): Promise<void> {
    const reason = trial.unavailable?.() ?? null;
    if (reason !== null) {
      skipped.push(`${trial.name}: ${reason}`);
      return;
    }
    const started = performance.now();
    const found = await attempt(trial, scale);
    const seconds = (performance.now() - started) / 1_000;
    rows.set(trial, { name: trial.name, findings: found });
    say(`${found.breaches.length + found.crashes === 0 ? "kept" : "BROKEN"}: ${trial.name} (${Math.round(seconds)} s)`);
    for (const { kind, what } of found.breaches.slice(0, 20)) say(`  ${kind}: ${what}`);
  }

  const waiting = chosen.values();
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_A_TIME }, async () => {
      for (const trial of waiting) await take(trial);
    }),
  );
  const inOrder = chosen.flatMap((trial) => rows.get(trial) ?? []);
  say(table(inOrder));
  say(`\n${Math.round((performance.now() - started) / 1_000)} s`);
  for (const reason of skipped) say(`Left out: ${reason}`);
  const { breaches, crashes } = total(inOrder.map((row) => row.findings));
  // What a trial that broke off has left running ends here, too.
  process.exit(breaches.length === 0 && crashes === 0 && inOrder.length > 0 ? 0 : 1);
}

await main();
