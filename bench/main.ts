/** `npm run bench`: what users feel, beside what the machine can do, in one run. docs/performance.md says how to read it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { brokenBounds } from "./check.ts";
import { describeMachine, pinLoad } from "./load/machine.ts";
import { dataOf, type Results, tableOf } from "./report.ts";
import { parley } from "./systems/parley.ts";
import { onPostgres } from "./systems/parley-on-postgres.ts";
import { installedPeers } from "./systems/peers.ts";
import { bareRelay, floor, storeRelay } from "./systems/relays.ts";
import { growth } from "./workloads/growth.ts";
import { http } from "./workloads/http.ts";
import { idle } from "./workloads/idle.ts";
import { offline } from "./workloads/offline.ts";
import { online, servers } from "./workloads/online.ts";
import { reads } from "./workloads/reads.ts";
import { upkeep } from "./workloads/upkeep.ts";
import type { Entrant, Scale, Values, Workload } from "./workloads/workload.ts";

const HELP = `npm run bench -- [options]

  --only a,b      these workloads alone
  --rounds n      how often each is measured (3)
  --check         fail where something has become several times as expensive, twice in a row
  --quick         one short round on small data: to see that it runs
  --peers         ejabberd and Prosody besides, where they are installed
  --json file     where the figures go besides (bench/results.json)
`;

const FULL: Scale = {
  seconds: 3,
  idleConnections: [5_000, 10_000],
  historyMessages: 1_000_000,
  growth: [10_000, 100_000, 1_000_000, 10_000_000],
};
const QUICK: Scale = { seconds: 1, idleConnections: [500], historyMessages: 200_000, growth: [10_000, 50_000] };

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function inFolder(entrant: Entrant, scale: Scale): Promise<Values> {
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  try {
    return await entrant.run(folder, scale);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Round by round, and within a round in turn, so that what disturbs the machine disturbs all alike. */
async function measure(workload: Workload, wantedRounds: number, scale: Scale): Promise<Results[]> {
  const rounds = Math.min(wantedRounds, workload.mostRounds ?? wantedRounds);
  const all = workload.entrants.map(({ system }) => ({ system, rounds: [] as Values[] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const [index, entrant] of workload.entrants.entries()) {
      process.stderr.write(`${workload.name}, round ${round} of ${rounds}: ${entrant.system}\n`);
      all[index]?.rounds.push(await inFolder(entrant, scale));
    }
  }
  return all;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      rounds: { type: "string" },
      check: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      peers: { type: "boolean", default: false },
      json: { type: "string", default: "bench/results.json" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return say(HELP);
  const scale = values.quick ? QUICK : FULL;
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
  const peers = values.peers ? installedPeers(say) : [];
  const workloads = [
    online([parley, floor, bareRelay, storeRelay, ...peers]),
    http,
    offline([parley, floor, ...peers]),
    idle([parley, bareRelay], scale),
    reads(scale, values.peers),
    growth(scale),
    upkeep(scale),
    servers([parley, floor, ...onPostgres(say)]),
  ];
  const wanted = values.only?.split(",") ?? workloads.map(({ name }) => name);
  pinLoad();
  say(`${describeMachine()}. Medians of ${rounds} (minimum–maximum), **ratios** in bold.\n`);
  for (const { name, durability } of [parley, floor, bareRelay, ...peers]) say(`- ${name}: ${durability}.`);
  say("");
  const data = [];
  const broken: string[] = [];
  for (const workload of workloads.filter(({ name }) => wanted.includes(name))) {
    const results = await measure(workload, rounds, scale);
    say(`${tableOf(workload, results)}\n`);
    data.push(dataOf(workload, results));
    if (values.check && brokenBounds(workload, results).length > 0) {
      // Other work of the machine's passes; what has become more expensive is so again.
      say(`${workload.name} is measured once more, as a bound was broken\n`);
      broken.push(...brokenBounds(workload, await measure(workload, rounds, scale)));
    }
  }
  for (const bound of broken) process.stderr.write(`${bound}\n`);
  if (broken.length > 0) process.exitCode = 1;
  writeFileSync(values.json, `${JSON.stringify({ machine: describeMachine(), rounds, data }, null, 2)}\n`);
}

await main();
