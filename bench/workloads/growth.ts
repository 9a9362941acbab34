/** The same things done to stores of several sizes: what they cost must not grow with what is stored. */
import { CONTACTS, PAIRS } from "../fill.ts";
import { filled } from "../filled.ts";
import { askAllTheTime } from "../load/closed-loop.ts";
import { contactsOf, pageOf } from "../load/reading.ts";
import { Traffic } from "../load/traffic.ts";
import { ParleySocket, type RunningParley, startParley } from "../systems/parley.ts";
import { offlineCosts, usersNamed } from "./offline.ts";
import type { Entrant, Figure, Scale, Values, Workload } from "./workload.ts";

const WINDOW = 16;

async function readCosts(running: RunningParley, seconds: number): Promise<Values> {
  const long = await ParleySocket.open(running.port, await running.login("long-a"));
  const hub = await ParleySocket.open(running.port, await running.login("hub-0"));
  const page = await askAllTheTime([pageOf(long, { peer: "long-b", last: 50 })], running.pids, seconds);
  const list = await askAllTheTime([contactsOf(hub, CONTACTS)], running.pids, seconds);
  await long.close();
  await hub.close();
  return { "page CPU": page.cpu, "contacts CPU": list.cpu };
}

function atSize(messages: number): Entrant {
  return {
    system: messages.toLocaleString("en"),
    async run(_folder, { seconds }) {
      const running = await startParley(await filled(messages));
      try {
        const reading = await readCosts(running, seconds);
        const away = await offlineCosts(running, usersNamed("pair-s", PAIRS), usersNamed("pair-r", PAIRS));
        const traffic = new Traffic(running);
        await traffic.open("pair", PAIRS);
        const { cpu, p99 } = await traffic.closedLoop(WINDOW, 3_000, seconds * 1_000);
        const steady = await traffic.fixedRate(1_000, 1_000, seconds * 1_000);
        await traffic.close();
        return {
          "send and deliver CPU": cpu,
          "send and deliver p99": p99,
          "at 1,000/s p99": steady.p99,
          "offline send CPU": away["send CPU"] ?? Number.NaN,
          "drain CPU": away["drain CPU"] ?? Number.NaN,
          ...reading,
        };
      } finally {
        await running.stop();
      }
    },
  };
}

const FIGURES: readonly Figure[] = [
  { name: "send and deliver CPU", unit: "s/10,000", better: "less" },
  { name: "send and deliver p99", unit: "ms", better: "less" },
  { name: "at 1,000/s p99", unit: "ms", better: "less" },
  { name: "offline send CPU", unit: "s/10,000", better: "less" },
  { name: "drain CPU", unit: "s/10,000", better: "less" },
  { name: "page CPU", unit: "s/10,000", better: "less" },
  { name: "contacts CPU", unit: "s/10,000", better: "less" },
];

export function growth({ growth: sizes }: Scale): Workload {
  const [smallest = 0] = sizes;
  return {
    name: "growth",
    title: `What it costs as the store grows, messages stored (window ${WINDOW}, ${PAIRS} pairs)`,
    figures: FIGURES,
    entrants: sizes.map(atSize),
    reference: smallest.toLocaleString("en"),
    mostRounds: 2,
  };
}
