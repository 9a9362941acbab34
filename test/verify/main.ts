/** `npm run verify`: tries to break each promise, and ends with a table of what happened. */
import { parseArgs } from "node:util";
import { type Findings, findings, type Scale, type Trial, total } from "./findings.ts";
import { table } from "./report.ts";
import { kill } from "./trials/kill.ts";
import { halfOpen, reconnectStorm } from "./trials/network.ts";
import { powerCut } from "./trials/power-cut.ts";
import { stop } from "./trials/stop.ts";
import { stuckReaders } from "./trials/stuck-readers.ts";

const TRIALS: readonly Trial[] = [kill, stop, halfOpen, reconnectStorm, stuckReaders, powerCut];

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function attempt(trial: Trial, scale: Scale): Promise<Findings> {
  try {
    return await trial.run(scale);
  } catch (error) {
    // A trial that cannot be brought to its end has found something, too.
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return findings({ breaches: [{ kind: "other", what: `the trial broke off: ${what}` }] });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { long: { type: "boolean", default: false }, only: { type: "string", default: "" } },
  });
  const { long, only } = values;
  const scale: Scale = { long, pick: (short, longer) => (long ? longer : short) };
  const rows: { name: string; seconds: number; findings: Findings }[] = [];
  const skipped: string[] = [];
  for (const trial of TRIALS.filter(({ name }) => name.includes(only))) {
    const reason = trial.unavailable?.() ?? null;
    if (reason !== null) {
      skipped.push(`${trial.name}: ${reason}`);
      continue;
    }
    say(`… ${trial.name}`);
    const started = performance.now();
    const found = await attempt(trial, scale);
    rows.push({ name: trial.name, seconds: (performance.now() - started) / 1_000, findings: found });
    for (const { kind, what } of found.breaches.slice(0, 20)) say(`  BREACH (${kind}): ${what}`);
  }
  say(table(rows));
  for (const reason of skipped) say(`Left out: ${reason}`);
  const { breaches, crashes } = total(rows.map((row) => row.findings));
  process.exitCode = breaches.length === 0 && crashes === 0 && rows.length > 0 ? 0 : 1;
}

await main();
