/** Publish and subscribe of Redis, or of Valkey. */
import { Redis, type RedisOptions } from "ioredis";
import type { Transport, TransportListener } from "./transport.ts";

const LONGEST_PAUSE_MS = 2_000;
/** Milliseconds for which a publication is waited for. */
const PATIENCE_MS = 500;

const SHARED = {
  lazyConnect: true,
  connectTimeout: 3_000,
  retryStrategy: (times: number) => Math.random() * Math.min(50 * 2 ** times, LONGEST_PAUSE_MS),
} satisfies RedisOptions;

/** @param channel of the servers on one store */
export function openRedisTransport(url: string, channel: string): Transport {
  // What cannot be sent now is lost, at once: nobody waits for a bus.
  const publisher = new Redis(url, {
    ...SHARED,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: PATIENCE_MS,
  });
  const subscriber = new Redis(url, { ...SHARED, maxRetriesPerRequest: null });
  let listener: TransportListener | null = null;

  // Told of by the bus, which hears nothing any more.
  publisher.on("error", () => {});
  subscriber.on("error", () => {});
  subscriber.on("message", (_, text) => listener?.heard(text));
  subscriber.on("ready", () => {
    subscriber.subscribe(channel).then(
      () => listener?.connected(),
      () => {},
    );
  });

  return {
    longest: 1_048_576,
    async publish(text) {
      await publisher.publish(channel, text);
    },
    listen(added) {
      listener = added;
      for (const client of [publisher, subscriber]) client.connect().catch(() => {});
    },
    reconnect() {
      for (const client of [publisher, subscriber]) client.disconnect(true);
    },
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
