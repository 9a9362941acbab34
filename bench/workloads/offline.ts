/** Recipients who are not there: what is sent to them waits, and is handed over when they log in. */
import { cpuSeconds } from "../load/machine.ts";
import { textOf } from "../load/traffic.ts";
import type { Client, RunningSystem, System } from "../systems/system.ts";
import { entrantsOf, type Figure, type Values, type Workload } from "./workload.ts";

const PAIRS = 100;
/** As many as Parley hands over of one contact, unless it is set otherwise. */
const MESSAGES_EACH = 100;
const WINDOW = 16;

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

function sendAll(sender: Client, to: string): Promise<void> {
  return new Promise((resolve) => {
    let sent = 0;
    let stored = 0;
    const sendOne = () => {
      if (sent === MESSAGES_EACH) return;
      sender.send(to, textOf(sent), () => {
        stored += 1;
        if (stored === MESSAGES_EACH) resolve();
        else sendOne();
      });
      sent += 1;
    };
    for (let n = 0; n < WINDOW; n += 1) sendOne();
  });
}

/** Logs in and waits for all that was missed; keeps it as a device does. */
async function drain(system: RunningSystem, user: string): Promise<Client> {
  let received = 0;
  let all = () => {};
  const receivedAll = new Promise<void>((resolve) => {
    all = resolve;
  });
  const client = await system.connect(user, () => {
    received += 1;
    if (received === MESSAGES_EACH) all();
  });
  await receivedAll;
  await client.settle();
  return client;
}

/** Sends to people who are known and away, and lets them come back. */
export async function sendAndDrain(system: RunningSystem, senders: readonly string[], recipients: readonly string[]) {
  for (const recipient of recipients) {
    const client = await system.connect(recipient, () => {});
    await client.settle();
    await client.close();
  }
  const clients: Client[] = [];
  for (const sender of senders) clients.push(await system.connect(sender, () => {}));
  const messages = recipients.length * MESSAGES_EACH;
  const sending = await timed(system, "send", messages, async () => {
    await Promise.all(clients.map((client, index) => sendAll(client, recipients[index] ?? "")));
  });
  const back: Client[] = [];
  const draining = await timed(system, "drain", messages, async () => {
    back.push(...(await Promise.all(recipients.map((recipient) => drain(system, recipient)))));
  });
  for (const client of [...clients, ...back]) await client.close();
  return { ...sending, ...draining };
}

export function usersNamed(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}${index}`);
}

async function run(system: System, folder: string): Promise<Values> {
  const running = await system.start(folder);
  try {
    return await sendAndDrain(running, usersNamed("offline-s", PAIRS), usersNamed("offline-r", PAIRS));
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
