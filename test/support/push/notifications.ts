/** What channels are given in tests. */
import type { Notification, PushTarget, Withdrawal } from "../../../src/engine/push/channel.ts";
import { MovableClock } from "../clock.ts";

export const clock = new MovableClock();
const HOUR = 3_600_000;

export const target: PushTarget = { token: "token-of-a-phone", environment: "PRODUCTION" };
const slot = { tag: "AbCdEfGhIjKlMnOpQrStUvWxYz012345", number: 1_234_567 };

export function notification(changes: Partial<Notification> = {}): Notification {
  return {
    id: "5f0c1f5e-7c0e-4f43-9d3b-8f2f0d6a1b2c",
    slot,
    title: "Alice",
    body: "Shall we meet at six?",
    sender: "Alice",
    messageId: "m:1:7",
    peerId: "alice",
    data: null,
    badge: 3,
    expiresAt: clock.now() + HOUR,
    ...changes,
  };
}

export function withdrawal(changes: Partial<Withdrawal> = {}): Withdrawal {
  const { id, peerId, badge, expiresAt } = notification();
  return { id, slot, peerId, badge, expiresAt, ...changes };
}
