/** What may happen in a run of the live loop, and what is written down of it. */
import type { DeliverySource } from "../../src/engine/live/new-messages.ts";
import type { RefreshEvent } from "../../src/engine/live/refresh.ts";
import type { MessageChange } from "../../src/engine/live/updates.ts";
import type { Message, Stream } from "../../src/engine/model.ts";

export type DeviceName = "phone" | "laptop";
export type Writer = "bob" | "carol";

/** What a device of alice's may do. Numbers choose among what there is. */
export type DeviceAct =
  | { do: "open"; since: "nothing" | "first" | "last"; refresh: "before" | "after" | "elsewhere" | "none" }
  /** As after a break that the server has not noticed: what was open goes on. */
  | { do: "open again" }
  | { do: "close" }
  | { do: "end connection" }
  | { do: "acknowledge"; which: number }
  | { do: "acknowledge updates" }
  | { do: "send"; to: Writer }
  | { do: "mark read"; peer: Writer }
  | { do: "delete"; which: number }
  | { do: "clear"; peer: Writer }
  | { do: "block"; peer: Writer }
  | { do: "unblock"; peer: Writer };

export type WriterAct =
  | { do: "send" }
  | { do: "send many"; count: number }
  | { do: "send to whom is connected" }
  | { do: "recall"; which: number }
  | { do: "edit"; which: number }
  | { do: "mark read" };

/**
 * Acts of one side, one after the other: each after some turns of rest in which others go on; with `overlap` the next
 * does not wait for this one.
 */
export type Acts<A> = readonly (A & { rest: number; overlap: boolean })[];

export interface Script {
  /** Who wrote to alice, or to whom alice wrote, before it all began. */
  before: readonly (Writer | "to bob")[];
  /** How many of these each device has acknowledged. */
  acknowledged: Record<DeviceName, number>;
  /** offlineMessagesPerContact. */
  perContact: number;
  late: "beginnings" | "answers" | "both";
  wakeUps: number;
  phone: Acts<DeviceAct>;
  laptop: Acts<DeviceAct>;
  bob: Acts<WriterAct>;
  carol: Acts<WriterAct>;
}

export interface Handed {
  readonly at: number;
  readonly source: DeliverySource;
  /** Of the cursor. */
  readonly position: number;
  readonly message: Message;
}

export interface Updated {
  readonly at: number;
  readonly change: MessageChange;
  readonly position: number;
  readonly message: Message;
}

/** One opening of a device's subscriptions, from the call until they end. */
export interface Session {
  readonly device: DeviceName;
  readonly openedAt: number;
  /** Position of `since`; 0 for none. */
  readonly since: number;
  readonly refreshMode: "before" | "after" | "elsewhere" | "none";
  closedAt: number | null;
  readonly handed: Handed[];
  readonly refreshed: (RefreshEvent & { readonly at: number; readonly position: number })[];
  readonly updated: Updated[];
}

/** Something asked for, and when it was answered; never, where the run ended first. */
interface Done {
  readonly beganAt: number;
  doneAt: number;
}

export interface Notes {
  readonly sessions: Session[];
  readonly sends: (Done & { sender: string; text: string; message: Message | null; kept: boolean })[];
  readonly acknowledged: (Done & { device: DeviceName; stream: Stream; position: number; answer: number })[];
  readonly recalls: (Done & { id: string })[];
  readonly edits: (Done & { id: string; text: string })[];
  readonly deletions: (Done & { ids: readonly string[] })[];
  readonly clears: (Done & { peer: string; upToSeq: number })[];
  readonly blocks: (Done & { peer: string; blocked: boolean })[];
  readonly reads: (Done & { reader: string; readSeq: number })[];
  /** What failed that may not fail. */
  readonly failures: unknown[];
}
