/**
 * The bus over a transport: news of a turn of the event loop, or of the time that a publication takes, go together; and
 * it hears itself, every two seconds, so that a link that has died quietly is noticed and made anew.
 */

import type { Clock } from "../engine/clock.ts";
import type { Bus, BusListener, News } from "../engine/cluster/bus.ts";
import { textsOf, Unpacker, Waiting } from "./packets.ts";
import type { Transport } from "./transport.ts";

/** Milliseconds. */
const BEAT_EVERY_MS = 2_000;
const QUIET_MS = 5_000;
/** News that wait while nothing can be told, and are stored nowhere. */
const MOST_WAITING = 1_000;

export interface BusOptions {
  readonly transport: Transport;
  /** Another one for each server and start. */
  readonly serverId: string;
  readonly clock: Pick<Clock, "after" | "monotonic">;
  /** It is well again, or not any more. */
  readonly onHealth: (healthy: boolean) => void;
}

export function createBus({ transport, serverId, clock, onHealth }: BusOptions): Bus {
  const waiting = new Waiting(MOST_WAITING);
  const unpacker = new Unpacker();
  let listener: BusListener | null = null;
  let closed = false;
  let cancel = () => {};
  let sending: Promise<void> | null = null;
  let scheduled = false;
  /** When it last heard itself, or began to connect: a connection that is being made is given its time. */
  let heardAt = clock.monotonic();
  /** Null until that is known. */
  let healthy: boolean | null = null;

  function note(now: boolean): void {
    if (healthy === now) return;
    healthy = now;
    onHealth(now);
    if (now) listener?.missed();
  }

  async function publish(news: readonly News[]): Promise<void> {
    for (const text of textsOf({ from: serverId, news }, transport.longest)) await transport.publish(text);
  }

  async function send(): Promise<void> {
    while (!waiting.isEmpty && !closed) {
      // What is lost is found in the store.
      await publish(waiting.take()).catch(() => {});
    }
    sending = null;
  }

  function schedule(): void {
    if (scheduled || sending !== null || closed) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      sending ??= send();
    });
  }

  function beat(): void {
    if (clock.monotonic() - heardAt > QUIET_MS) {
      note(false);
      heardAt = clock.monotonic();
      transport.reconnect();
    }
    publish([]).catch(() => {});
    cancel = clock.after(BEAT_EVERY_MS, beat);
  }

  transport.listen({
    heard(text) {
      const packet = unpacker.packetIn(text);
      if (packet === null) return;
      if (packet.from === serverId) {
        heardAt = clock.monotonic();
        note(true);
        return;
      }
      for (const news of packet.news) {
        try {
          listener?.told(news);
        } catch {
          // A newer release may tell what this one does not know; what matters is in the store.
        }
      }
    },
    connected() {
      listener?.missed();
      publish([]).catch(() => {});
    },
  });
  cancel = clock.after(BEAT_EVERY_MS, beat);

  return {
    tell(news) {
      waiting.add(news);
      schedule();
    },
    listen(added) {
      listener = added;
    },
    get healthy() {
      return healthy === true;
    },
    async close() {
      cancel();
      await sending;
      if (!waiting.isEmpty) await publish(waiting.take()).catch(() => {});
      closed = true;
      await transport.close();
    },
  };
}
