/** Two people who are both there: closed loops, and fixed rates. */
import { type Stretch, Traffic } from "../load/traffic.ts";
import type { System } from "../systems/system.ts";
import { entrantsOf, type Figure, type Scale, type Values, type Workload } from "./workload.ts";

const PAIRS = 50;
const WINDOWS = [1, 16, 64];
const RATES = [500, 1_000, 5_000];
/** Of servers on another machine's database, each of which takes its share of the one processor. */
const SHARED = { windows: [1, 16], rates: [200, 500] };
const WARM_MS = 1_000;

function figuresOf(name: string, withRate: boolean): Figure[] {
  const rate: Figure[] = withRate ? [{ name: `${name} rate`, unit: "messages/s", better: "more" }] : [];
  return [
    ...rate,
    { name: `${name} p50`, unit: "ms", better: "less" },
    { name: `${name} p99`, unit: "ms", better: "less" },
    { name: `${name} CPU`, unit: "s/10,000", better: "less" },
  ];
}

function valuesOf(name: string, stretch: Stretch, withRate: boolean): Values {
  return {
    ...(withRate ? { [`${name} rate`]: stretch.rate } : {}),
    [`${name} p50`]: stretch.p50,
    [`${name} p99`]: stretch.p99,
    [`${name} CPU`]: stretch.cpu,
  };
}

/** A stretch that something else disturbed is done again, so far as that helps. */
async function quiet(measure: () => Promise<Stretch>): Promise<Stretch> {
  const first = await measure();
  if (first.others < 0.2) return first;
  const second = await measure();
  return second.others < first.others ? second : first;
}

interface Load {
  readonly windows: readonly number[];
  readonly rates: readonly number[];
}

async function run(system: System, folder: string, { seconds }: Scale, load: Load): Promise<Values> {
  const running = await system.start(folder);
  try {
    const traffic = new Traffic(running);
    await traffic.open("online", PAIRS);
    await traffic.closedLoop(16, 0, 3_000);
    let values: Values = {};
    let reached = 0;
    for (const window of load.windows) {
      const stretch = await quiet(() => traffic.closedLoop(window, WARM_MS, seconds * 1_000));
      reached = Math.max(reached, stretch.rate);
      values = { ...values, ...valuesOf(`window ${window}`, stretch, true) };
    }
    // A rate that a server cannot keep up says only how long it was kept up.
    for (const rate of load.rates.filter((rate) => rate <= reached)) {
      const stretch = await quiet(() => traffic.fixedRate(rate, WARM_MS, seconds * 1_000));
      values = { ...values, ...valuesOf(`at ${rate.toLocaleString("en")}/s`, stretch, false) };
    }
    await traffic.close();
    return values;
  } finally {
    await running.stop();
  }
}

function workload(name: string, title: string, systems: readonly System[], load: Load): Workload {
  return {
    name,
    title,
    figures: [
      ...load.windows.flatMap((window) => figuresOf(`window ${window}`, true)),
      ...load.rates.flatMap((rate) => figuresOf(`at ${rate.toLocaleString("en")}/s`, false)),
    ],
    entrants: entrantsOf(systems, (system, folder, scale) => run(system, folder, scale, load)),
    reference: "floor",
  };
}

export function online(systems: readonly System[]): Workload {
  const title = `${PAIRS} pairs over WebSocket, from one to the other`;
  return workload("online", title, systems, { windows: WINDOWS, rates: RATES });
}

/** The same, of servers that share a database; all of it has one processor. */
export function servers(systems: readonly System[]): Workload {
  const title = `${PAIRS} pairs, of whom each is on another server where there are two; databases are on the same processor`;
  return workload("servers", title, systems, SHARED);
}
