/** Reading: pages of a long history, and the list of conversations, in a store of a million messages. */
import { CONTACTS } from "../fill.ts";
import { filled } from "../filled.ts";
import { type Ask, askAllTheTime } from "../load/closed-loop.ts";
import { contactsOf, cursorAbove, type PagePlace, pageOf } from "../load/reading.ts";
import { RawSocket } from "../load/socket.ts";
import type { XmppClient } from "../load/xmpp.ts";
import { startChild } from "../systems/child.ts";
import { ejabberd, isEjabberdInstalled } from "../systems/ejabberd.ts";
import { ParleySocket, startParley } from "../systems/parley.ts";
import { answerFigures, answerValues, type Entrant, type Scale, type Values, type Workload } from "./workload.ts";

const CONNECTIONS = 4;
const PEER = "long-b";

const parleyReads: Entrant = {
  system: "Parley",
  async run(_folder, { seconds, historyMessages }) {
    const running = await startParley(await filled(historyMessages));
    try {
      const sockets: ParleySocket[] = [];
      for (let n = 0; n < CONNECTIONS; n += 1) {
        sockets.push(await ParleySocket.open(running.port, await running.login("long-a")));
      }
      const hubs: ParleySocket[] = [];
      for (let n = 0; n < CONNECTIONS; n += 1) {
        hubs.push(await ParleySocket.open(running.port, await running.login(`hub-${n}`)));
      }
      const [first] = sockets;
      if (first === undefined) throw new Error("no connection");
      const middle = await cursorAbove(first, PEER, Math.floor(historyMessages / 10 / 50 / 2));
      const places: Record<string, PagePlace> = {
        newest: { peer: PEER, last: 50 },
        middle: { peer: PEER, last: 50, ...(middle === undefined ? {} : { before: middle }) },
        oldest: { peer: PEER, first: 50 },
      };
      let values: Values = {};
      for (const [name, place] of Object.entries(places)) {
        const asks = sockets.map((socket) => pageOf(socket, place));
        values = { ...values, ...answerValues(`${name} page`, await askAllTheTime(asks, running.pids, seconds)) };
      }
      const lists = hubs.map((socket) => contactsOf(socket, CONTACTS));
      values = { ...values, ...answerValues("contacts", await askAllTheTime(lists, running.pids, seconds)) };
      for (const socket of [...sockets, ...hubs]) await socket.close();
      return values;
    } finally {
      await running.stop();
    }
  },
};

async function floorAsks(port: number, question: object): Promise<Ask[]> {
  const asks: Ask[] = [];
  for (let n = 0; n < CONNECTIONS; n += 1) {
    let answered = () => {};
    const socket = await RawSocket.open(port, "/", null, () => answered());
    asks.push((onAnswer) => {
      answered = onAnswer;
      socket.send(JSON.stringify({ id: n, ...question }));
    });
  }
  return asks;
}

const floorReads: Entrant = {
  system: "floor",
  async run(_folder, { seconds, historyMessages }) {
    const folder = await filled(historyMessages);
    const child = await startChild(
      [process.execPath, "bench/build/bench/servers/reads-floor.js", folder],
      /listening on (\d+)/,
    );
    try {
      const port = Number(child.said);
      const long = Math.floor(historyMessages / 10);
      const questions = {
        "newest page": { conversation: 1, before: long + 1 },
        "middle page": { conversation: 1, before: Math.floor(long / 2) },
        "oldest page": { conversation: 1, before: 51 },
        contacts: { user: "hub-0" },
      };
      let values: Values = {};
      for (const [name, question] of Object.entries(questions)) {
        const answered = await askAllTheTime(await floorAsks(port, question), [child.pid], seconds);
        values = { ...values, ...answerValues(name, answered) };
      }
      return values;
    } finally {
      await child.stop();
    }
  },
};

/** The archive of ejabberd, ten people with a tenth of all messages each; of the oldest page it knows nothing. */
const ejabberdReads: Entrant = {
  system: ejabberd.name,
  async run(folder, { seconds, historyMessages }) {
    const running = await ejabberd.start(folder);
    try {
      const long = Math.floor(historyMessages / 10);
      for (let n = 0; n < 10; n += 1) await running.fill(`long-${n}`, PEER, long);
      const clients: XmppClient[] = [];
      for (let n = 0; n < CONNECTIONS; n += 1) clients.push(await running.connect(`long-${n}`, () => {}));
      const [first] = clients;
      if (first === undefined) throw new Error("no connection");
      let middle: string | null = null;
      for (let page = 0; page < 10; page += 1) middle = (await first.page(PEER, middle)).first;
      const asks = (before: string | null) =>
        clients.map(
          (client): Ask =>
            (onAnswer) =>
              void client.page(PEER, before).then(onAnswer),
        );
      const values = {
        ...answerValues("newest page", await askAllTheTime(asks(null), running.pids, seconds)),
        ...answerValues("middle page", await askAllTheTime(asks(middle), running.pids, seconds)),
      };
      for (const client of clients) await client.close();
      return values;
    } finally {
      await running.stop();
    }
  },
};

/** @param withPeers whether ejabberd is measured too, where it is installed */
export function reads({ historyMessages }: Scale, withPeers: boolean): Workload {
  const stored = historyMessages.toLocaleString("en");
  return {
    name: "reads",
    title: `Pages of 50 of a conversation of ${(historyMessages / 10).toLocaleString("en")}, and lists of ${CONTACTS} contacts, ${stored} messages stored, ${CONNECTIONS} connections (floor: one statement, rows as JSON)`,
    figures: [
      ...["newest", "middle", "oldest"].flatMap((name) => answerFigures(`${name} page`, "pages/s")),
      ...answerFigures("contacts", "lists/s"),
    ],
    entrants: [parleyReads, floorReads, ...(withPeers && isEjabberdInstalled() ? [ejabberdReads] : [])],
    reference: "floor",
  };
}
