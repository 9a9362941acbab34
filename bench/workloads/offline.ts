/** Recipients who are not there: what is sent to them waits, and is handed over when they log in. */
import { cpuSeconds } from "../load/machine.ts";
import { textOf } from "../load/traffic.ts";
import type { Client, RunningSystem, System } from "../systems/system.ts";
import { entrantsOf, type Figure, type Values, type Workload } from "./workload.ts";

const PAIRS = 100;
/** As many as Parley hands over of one contact, unless it is set otherwise. */
const MESSAGES_EACH = 100;
const WINDOW = 16;
/** Rounds with fewer messages that come first, since a server that has just been started is slower at everything. */
const WARM_UPS = 10;
const MESSAGES_TO_WARM_UP = 10;

async function timed(
  system: RunningSystem,
  name: string,
  messages: number,
  work: () => Promise<void>,
): Promise<Values> {
  const before = { at: performance.now(), cpu: cpuSeconds(system.pids) };
  await work();
  const seconds = (performance.now() - before.at) / 1_000;
  const cpu = cpuSeconds(system.pids) - before.cpu;
  return { [`${name} rate`]: messages / seconds, [`${name} CPU`]: (cpu / messages) * 10_000 };
}

function sendAll(sender: Client, to: string, count: number): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    let stored = 0;
    const sendOne = () => {
      if (sent === count) return;
      sender.send(to, textOf(sent), () => {
        stored += 1;
        if (stored === count) resolve();
        else sendOne();
      });
      sent += 1;
    };
    for (let n = 0; n < Math.min(WINDOW, count); n += 1) sendOne();
  });
}

/** Logs in and waits for all that was missed; keeps it as a device does. */
async function drain(system: RunningSystem, user: string, count: number): Promise<Client> {
  let received = 0;
  let all = () => {};
  const receivedAll = new Promise<void>((resolve) => {
    all = resolve;
  });
  const client = await system.connect(user, () => {
    received += 1;
    if (received === count) all();
  });
  await receivedAll;
  await client.settle();
  return client;
}

/** Sends to people who are away, and lets them come back. */
async function sendAndDrain(
  system: RunningSystem,
  clients: readonly Client[],
  recipients: readonly string[],
  count: number,
): Promise<Values> {
  const messages = recipients.length * count;
  const sending = await timed(system, "send", messages, async () => {
    await Promise.all(clients.map((client, index) => sendAll(client, recipients[index] ?? "", count)));
  });
  const back: Client[] = [];
  const draining = await timed(system, "drain", messages, async () => {
    back.push(...(await Promise.all(recipients.map((recipient) => drain(system, recipient, count)))));
  });
  for (const client of back) await client.close();
  return { ...sending, ...draining };
}

/** What it costs to send to people who are away, and to hand it over when they log in. */
export async function offlineCosts(
  system: RunningSystem,
  senders: readonly string[],
  recipients: readonly string[],
): Promise<Values> {
  for (const recipient of recipients) {
    const client = await system.connect(recipient, () => {});
    await client.settle();
    await client.close();
  }
  const clients: Client[] = [];
  for (const sender of senders) clients.push(await system.connect(sender, () => {}));
  for (let round = 0; round < WARM_UPS; round += 1) {
    await sendAndDrain(system, clients, recipients, MESSAGES_TO_WARM_UP);
  }
  const values = await sendAndDrain(system, clients, recipients, MESSAGES_EACH);
  for (const client of clients) await client.close();
  return values;
}

export function usersNamed(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${index}`);
}

async function run(system: System, folder: string): Promise<Values> {
  const running = await system.start(folder);
  try {
    return await offlineCosts(running, usersNamed("offline-s", PAIRS), usersNamed("offline-r", PAIRS));
  } finally {
    await running.stop();
  }
}

export const OFFLINE_FIGURES: readonly Figure[] = [
  { name: "send rate", unit: "messages/s", better: "more" },
  { name: "send CPU", unit: "s/10,000", better: "less" },
  { name: "drain rate", unit: "messages/s", better: "more" },
  { name: "drain CPU", unit: "s/10,000", better: "less" },
];

export function offline(systems: readonly System[]): Workload {
  return {
    name: "offline",
    title: `${MESSAGES_EACH} messages to each of ${PAIRS} people who are away, then all log in and are handed them`,
    figures: OFFLINE_FIGURES,
    entrants: entrantsOf(systems, run),
    reference: "floor",
  };
}
