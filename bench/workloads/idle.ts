/** People who are there and write nothing. */
import { setTimeout as pause } from "node:timers/promises";
import { cpuSeconds, memoryKib } from "../load/machine.ts";
import type { Client, System } from "../systems/system.ts";
import { entrantsOf, type Figure, type Scale, type Values, type Workload } from "./workload.ts";

const AT_ONCE = 50;
/** Connections before those that count, so that code and tables are loaded. */
const WARM_UP = 200;
const SETTLE_MS = 5_000;
const WATCHED_SECONDS = 10;

async function run(system: System, folder: string, { idleConnections }: Scale): Promise<Values> {
  const running = await system.start(folder);
  const clients: Client[] = [];
  try {
    const connectUpTo = async (count: number) => {
      while (clients.length < count) {
        const first = clients.length;
        const users = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, index) => `idle-${first + index}`);
        clients.push(...(await Promise.all(users.map((user) => running.connect(user, () => {})))));
      }
    };
    await connectUpTo(WARM_UP);
    await pause(SETTLE_MS);
    const before = memoryKib(running.pids);
    const values: Record<string, number> = {};
    for (const count of idleConnections) {
      const begun = { at: performance.now(), cpu: cpuSeconds(running.pids), clients: clients.length };
      await connectUpTo(WARM_UP + count);
      const seconds = (performance.now() - begun.at) / 1_000;
      const opened = clients.length - begun.clients;
      values[`${count} logins`] = opened / seconds;
      values[`${count} login CPU`] = ((cpuSeconds(running.pids) - begun.cpu) / opened) * 1_000;
      await pause(SETTLE_MS);
      const idle = cpuSeconds(running.pids);
      await pause(WATCHED_SECONDS * 1_000);
      values[`${count} idle CPU`] = ((cpuSeconds(running.pids) - idle) / WATCHED_SECONDS) * 100;
      values[`${count} memory`] = (memoryKib(running.pids) - before) / count;
    }
    return values;
  } finally {
    for (const client of clients) await client.close();
    await running.stop();
  }
}

function figuresOf(count: number): Figure[] {
  return [
    { name: `${count} memory`, unit: "KiB/connection", better: "less" },
    { name: `${count} logins`, unit: "logins/s", better: "more" },
    { name: `${count} login CPU`, unit: "ms/login", better: "less" },
    { name: `${count} idle CPU`, unit: "% of a processor", better: "less" },
  ];
}

export function idle(systems: readonly System[], { idleConnections }: Scale): Workload {
  return {
    name: "idle",
    title: "Idle connections, each of another person, with `newMessage` and `refresh`",
    figures: idleConnections.flatMap(figuresOf),
    entrants: entrantsOf(systems, run),
    reference: "bare relay",
    mostRounds: 1,
  };
}
