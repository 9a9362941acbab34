/** Readers that stop reading while much is sent to them: they cost bounded memory and are cut off. */
import { signAppToken } from "../../../src/server/tokens.ts";
import { Socket } from "../../support/socket.ts";
import { Client } from "../client.ts";
import type { Trial } from "../findings.ts";
import { noProcessFacts, openSockets, residentMib, untilSockets } from "../process-facts.ts";
import { SECRET } from "../server-process.ts";
import { underLoad, type World } from "../under-load.ts";

const DAY_MS = 86_400_000;
/** Of resident memory, per reader that is stuck; promise P17 says 1 MiB, and the collector takes its time. */
const MOST_MIB_PER_READER = 2;
const MOST_MIB_BESIDE = 150;
const READERS_PER_USER = 8;

const LARGE = "x".repeat(11_000);
const ALIASES = Array.from({ length: 60 }, (_, index) => `text${index}: text`).join(" ");
/** Each event is the same large text many times over: two thirds of a megabyte. */
const HUGE_EVENTS = `subscription { newMessage { message { content { ... on TextContent { ${ALIASES} } } } } }`;
const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) {
  ... on SendMessageSuccess { message { id } } ... on Error { code } } }`;

async function clientOf(world: World, user: string): Promise<Client> {
  return new Client(world.server, await signAppToken(SECRET, user, "user", Date.now() + DAY_MS));
}

async function getStuck(world: World, readers: number): Promise<void> {
  const writer = await clientOf(world, "talker");
  const sockets: Socket[] = [];
  const users = Array.from({ length: Math.ceil(readers / READERS_PER_USER) }, (_, index) => `stuck-${index}`);
  for (const user of users) {
    const { token } = await clientOf(world, user);
    for (let number = 0; number < READERS_PER_USER; number += 1) {
      const socket = new Socket(world.server.url, { authorization: `Bearer ${token}` });
      await socket.opened;
      const refresh = socket.subscribe("subscription { refresh { offlineCount } }");
      socket.subscribe(HUGE_EVENTS);
      await refresh.next();
      sockets.push(socket);
    }
  }
  const { pid } = world.server;
  const before = residentMib(pid);
  const open = openSockets(pid);
  for (const socket of sockets) socket.pause();
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(users.map((to) => writer.insist(SEND, { input: { to, content: { text: { text: LARGE } } } })));
  }
  await world.load.untilAcknowledged(100);
  const growth = residentMib(pid) - before;
  const most = sockets.length * MOST_MIB_PER_READER + MOST_MIB_BESIDE;
  if (growth > most) world.breach(`${sockets.length} stuck readers cost ${Math.round(growth)} MiB`);
  world.fault("stuck reader", sockets.length);
  // Clients of the load come and go meanwhile.
  if (!(await untilSockets(pid, open - sockets.length + 10))) world.breach("stuck readers were not cut off");
  const ends = sockets.map(async (socket) => {
    socket.resume();
    return (await socket.closed).code;
  });
  // 1006 where the code lies behind what the reader had no room for.
  for (const code of await Promise.all(ends)) {
    if (code !== 1013 && code !== 1006) world.breach(`a stuck reader was closed with ${code}`);
  }
}

export const stuckReaders: Trial = {
  name: "stuck readers",
  unavailable: noProcessFacts,
  run: (scale) => underLoad({ users: 3, faults: (world) => getStuck(world, scale.pick(40, 200)) }),
};
