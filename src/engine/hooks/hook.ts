/** What the engine asks of the app's hooks, in the domain's words. How they are reached is not its business. */
import type { Content, ContentInput } from "../content.ts";
import type { EventKind, ToldEvent } from "../event-store.ts";
import type { PushOptions, UserId } from "../model.ts";
import type { PushInput } from "../push/options.ts";

/** A message, or an edit of one, that has passed all rules and is not stored yet. */
export interface HookQuestion {
  readonly senderId: UserId;
  readonly recipientId: UserId;
  readonly content: Content;
  readonly customData: string | null;
  readonly push: PushOptions | null;
  readonly clientMessageId: string | null;
  /** Id of the message that is to be changed; null for a new one. */
  readonly editOf: string | null;
}

/** What the app says. What a rewrite holds is checked by the rules of sending. */
export type HookVerdict =
  | { readonly verdict: "allow" }
  | { readonly verdict: "refuse"; readonly code: string | null; readonly reason: string | null }
  | { readonly verdict: "rewrite"; readonly change: HookRewrite };

/** What is left out stays. */
export interface HookRewrite {
  /** Of the kinds that can be edited. */
  readonly content?: Pick<ContentInput, "text" | "face" | "location" | "custom"> | undefined;
  readonly customData?: string | null | undefined;
  readonly push?: PushInput | null | undefined;
}

export interface BeforeSendHook {
  /** What becomes of a message when the app gives no usable answer in time. */
  readonly onFailure: "allow" | "refuse";
  /** Whether admins' messages are asked about too. */
  readonly asksAboutAdmins: boolean;
  /** @throws Error where there is no usable answer in time; it says why */
  ask(question: HookQuestion): Promise<HookVerdict>;
  close(): Promise<void>;
}

/** One event for one hook, until the hook has taken it. */
export interface HookDelivery {
  readonly id: number;
  readonly hook: string;
  readonly event: ToldEvent;
  /** Times that it was tried. */
  readonly attempts: number;
  /** When it began to wait. */
  readonly queuedAt: number;
}

/** What a hook is handed: the event, with what it is about as that is now. */
export interface HookEvent {
  /** The same whenever it is tried: who has seen it drops it. */
  readonly id: string;
  readonly kind: EventKind;
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface EventHook {
  /** Names it in the queue. */
  readonly name: string;
  readonly kinds: ReadonlySet<EventKind>;
  /** Deliveries at the same time; those about the same two people go one after the other. */
  readonly concurrency: number;
  /** Milliseconds that a delivery may take. */
  readonly timeoutMs: number;
  /** @returns null where it was taken, else why not, and for how long it should not be tried where the hook says so */
  deliver(event: HookEvent): Promise<{ readonly reason: string; readonly retryAfterMs: number | null } | null>;
  close(): Promise<void>;
}

export interface HookSetup {
  readonly beforeSend: BeforeSendHook | null;
  readonly events: readonly EventHook[];
  /** Milliseconds after which a delivery that is not taken is given up. */
  readonly lifetimeMs: number;
}
