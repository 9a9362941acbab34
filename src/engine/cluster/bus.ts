/**
 * What servers that share a store tell each other, so that they look into it at once. The store alone is believed: all
 * that is told may be lost, doubled or late, and costs no more than time. What is stored nowhere may be lost with it.
 */
import type { Message, UserId } from "../model.ts";
import type { Uses } from "../rates.ts";

export const RATE_NAMES = ["sends", "changes", "reads", "logins"] as const;
export type RateName = (typeof RATE_NAMES)[number];

export type News =
  /** Logs of these users have grown. */
  | { readonly kind: "logs"; readonly ids: readonly UserId[] }
  /** Sessions of these users have ended, their tokens were revoked, or they are being erased. */
  | { readonly kind: "standings"; readonly ids: readonly UserId[] }
  | { readonly kind: "settings" }
  /** What users have done of late, against the rate of this name. */
  | { readonly kind: "uses"; readonly rate: RateName; readonly uses: readonly Uses[] }
  /** A message that is not stored. @param origin the device that must not get it */
  | { readonly kind: "transient"; readonly to: UserId; readonly message: Message; readonly origin: string | null }
  | { readonly kind: "typing"; readonly to: UserId; readonly from: UserId; readonly typing: boolean };

export interface BusListener {
  /** Another server tells this. */
  told(news: News): void;
  /** Something may have been lost. */
  missed(): void;
}

export interface Bus {
  /** Tells all other servers, soon; never fails, and may be lost. */
  tell(news: News): void;
  listen(listener: BusListener): void;
  /** Whether what is told has arrived of late. */
  readonly healthy: boolean;
  close(): Promise<void>;
}
