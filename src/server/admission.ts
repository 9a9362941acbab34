/** Who may come in before anybody knows who it is: rates and connections per address. */
import type { IncomingMessage } from "node:http";
import type { Clock } from "../engine/clock.ts";
import { Refusal } from "../engine/errors.ts";
import { createRates, perSecond } from "../engine/rates.ts";
import { addressOf } from "./address.ts";
import type { Limits } from "./limits.ts";
import type { CountRefusal } from "./refusals.ts";

export interface Admission {
  /** Counts a request, and gives how long its address has to wait, in milliseconds; null where it may pass. */
  request(request: IncomingMessage): number | null;
  /** Takes one of the address's connections; the function that it gives hands it back. Null: there is none left. */
  connect(request: IncomingMessage): (() => void) | null;
  /** Addresses that are remembered for their rate. */
  readonly size: number;
}

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly limits: Pick<Limits, "addressRate" | "connectionsPerAddress">;
  /** How many proxies of one's own stand in front. */
  readonly proxies: number;
  readonly refused: CountRefusal;
}

export function createAdmission({ clock, limits, proxies, refused }: AdmissionOptions): Admission {
  const rates = createRates(clock, perSecond(limits.addressRate));
  const most = limits.connectionsPerAddress;
  const connections = new Map<string, number>();

  function leave(address: string): void {
    const left = (connections.get(address) ?? 0) - 1;
    if (left > 0) connections.set(address, left);
    else connections.delete(address);
  }

  return {
    request(request) {
      try {
        rates.take(addressOf(request, proxies));
        return null;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused("address_rate");
        return error.retryAfterMs ?? 0;
      }
    },
    connect(request) {
      if (most === 0) return () => {};
      const address = addressOf(request, proxies);
      const open = connections.get(address) ?? 0;
      if (open >= most) {
        refused("address_connections");
        return null;
      }
      connections.set(address, open + 1);
      let left = false;
      return () => {
        if (!left) leave(address);
        left = true;
      };
    },
    get size() {
      return rates.size;
    },
  };
}
