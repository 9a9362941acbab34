/** The plain servers that Parley is compared with, and their client. */
import { RawSocket } from "../load/socket.ts";
import { startChild } from "./child.ts";
import type { Client, RunningSystem, System } from "./system.ts";

async function openClient(port: number, user: string, onMessage: (text: string) => void): Promise<Client> {
  const stored = new Map<string, () => void>();
  let keys = 0;
  let greeted = () => {};
  const inStep = new Promise<void>((resolve) => {
    greeted = resolve;
  });
  const socket = await RawSocket.open(port, "/", null, (frame) => {
    if (frame.startsWith('{"message"')) onMessage(frame);
    else if (frame.startsWith('{"stored":"')) {
      const key = frame.slice(11, frame.indexOf('"', 11));
      stored.get(key)?.();
      stored.delete(key);
    } else greeted();
  });
  socket.send(JSON.stringify({ hello: user }));
  await inStep;
  return {
    send(to, text, onStored) {
      keys += 1;
      const key = `8f14e45f-ceea-467f-a0e6-${String(keys).padStart(12, "0")}`;
      stored.set(key, onStored);
      socket.send(JSON.stringify({ key, to, text }));
    },
    settle: async () => {},
    close: () => socket.close(),
  };
}

function relaySystem(name: string, server: string, durability: string): System {
  return {
    name,
    durability,
    async start(folder): Promise<RunningSystem> {
      const child = await startChild(
        [process.execPath, `bench/build/bench/servers/${server}.js`, folder],
        /listening on (\d+)/,
      );
      const port = Number(child.said);
      return {
        pids: [child.pid],
        connect: (user, onMessage) => openClient(port, user, onMessage),
        stop: child.stop,
      };
    },
  };
}

export const bareRelay = relaySystem("bare relay", "bare-relay", "nothing is kept");
export const floor = relaySystem("floor", "floor", "one row a message, synced in a group commit (SQLite, WAL, FULL)");
export const storeRelay = relaySystem("Parley's store", "parley-store", "as Parley");
