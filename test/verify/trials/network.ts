/** Links that go dead without a word, and everybody coming back at once. */
import { signAppToken } from "../../../src/server/tokens.ts";
import { NetworkProxy } from "../../support/proxy.ts";
import { Socket } from "../../support/socket.ts";
import { pause } from "../client.ts";
import type { Findings, Scale, Trial } from "../findings.ts";
import { noProcessFacts, openSockets, untilSockets } from "../process-facts.ts";
import { SECRET } from "../server-process.ts";
import { underLoad, type World } from "../under-load.ts";

const DAY_MS = 86_400_000;

async function overLink(faults: (world: World, link: NetworkProxy) => Promise<void>): Promise<Findings> {
  let port = (): number | null => null;
  const link = new NetworkProxy(() => port());
  await link.listen();
  try {
    return await underLoad({
      door(server) {
        port = () => server().port;
        return link;
      },
      faults: (world) => faults(world, link),
    });
  } finally {
    link.close();
  }
}

export const halfOpen: Trial = {
  name: "half-open connections",
  run: (scale) =>
    overLink(async ({ load, fault }, link) => {
      for (let round = 0; round < scale.pick(8, 200); round += 1) {
        await load.untilAcknowledged(1 + Math.floor(Math.random() * 60));
        link.freeze();
        // Long enough for requests to go into the void.
        await pause(300 + Math.random() * 700);
        link.thaw();
        fault("dead link");
      }
    }),
};

/** Opens sockets at once, subscribes on each, and waits until all that can be are in step. */
async function crowd(url: string, count: number): Promise<number> {
  const sockets = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const token = await signAppToken(SECRET, `crowd-${index % 100}`, "user", Date.now() + DAY_MS);
      const socket = new Socket(url, { authorization: `Bearer ${token}` });
      const inStep = socket.opened.then(async () => {
        const refresh = socket.subscribe("subscription { refresh { offlineCount } }");
        socket.subscribe("subscription { newMessage { cursor } }");
        await refresh.next();
        return 1;
      });
      return inStep.catch(() => 0);
    }),
  );
  return sockets.reduce<number>((sum, one) => sum + one, 0);
}

async function storms({ load, fault, breach, server }: World, link: NetworkProxy, scale: Scale): Promise<void> {
  const size = scale.pick(200, 2_000);
  const before = openSockets(server.pid);
  for (let round = 0; round < scale.pick(4, 40); round += 1) {
    const there = await crowd(link.url, size);
    if (there < size) breach(`of ${size} who connected at once, ${size - there} did not get in step`);
    await load.untilAcknowledged(20);
    link.cutAll();
    fault(`reconnect storm of ${size}`);
  }
  // The crowd does not come back: the server must have let go of it.
  if (!(await untilSockets(server.pid, before + 50))) {
    breach(`${openSockets(server.pid)} sockets are open after all were reset; ${before} were before`);
  }
}

export const reconnectStorm: Trial = {
  name: "reconnect storms",
  unavailable: noProcessFacts,
  run: (scale) => overLink((world, link) => storms(world, link, scale)),
};
