/** What the viewer does to messages and conversations, here at once and on the server. */
import type { Connection } from "./connection.ts";
import { toInput } from "./content.ts";
import { fromRefused, ParleyError, type Refused, toParleyError } from "./errors.ts";
import {
  ClearConversation,
  type ConversationFragment,
  Conversations,
  type ConversationsQuery,
  ConversationWith,
  DeleteMessages,
  EditMessage,
  MarkRead,
  type MessageFragment,
  MessageNow,
  MuteConversation,
  PinConversation,
  RecallMessage,
} from "./generated.ts";
import type { Local } from "./local.ts";
import type { ContentInput, Message } from "./model.ts";
import { peerOf, toMessage } from "./present.ts";
import type { Ticks } from "./ticks.ts";

const MOST_PER_PAGE = 100;

type ChangeResult = { readonly message: MessageFragment } | Refused | null;
interface ViewResult {
  readonly conversation: ConversationFragment | null;
}

export class Actions {
  readonly #local: Local;
  readonly #connection: Connection;
  readonly #ticks: Ticks;

  constructor(local: Local, connection: Connection, ticks: Ticks) {
    this.#local = local;
    this.#connection = connection;
    this.#ticks = ticks;
  }

  recall(id: string): Promise<Message> {
    return this.#changed(async () => (await this.#connection.ask(RecallMessage, { id })).recallMessage);
  }

  edit(id: string, content: ContentInput): Promise<Message> {
    const input = { id, content: toInput(content) };
    return this.#changed(async () => (await this.#connection.ask(EditMessage, { input })).editMessage);
  }

  #changed(change: () => Promise<ChangeResult>): Promise<Message> {
    return this.#ticks.during(async (isOutdated) => {
      const result = await change();
      if (result === null) throw new ParleyError("UNKNOWN", "The server gave no answer.");
      if (!("message" in result)) throw fromRefused(result);
      const shown = toMessage(result.message, this.#local.viewer, null);
      await this.#local.change(async (batch) => {
        if (!isOutdated(shown.peer, result.message.seq)) await batch.put(result.message, "answer");
      });
      return shown;
    });
  }

  /** Asks for a message anew. */
  reload(id: string): Promise<Message | null> {
    return this.#ticks.during(async (isOutdated) => {
      const { node } = await this.#connection.ask(MessageNow, { id });
      if (node?.__typename !== "Message") return null;
      const peer = peerOf(node, this.#local.viewer.id);
      await this.#local.change(async (batch) => {
        if (!isOutdated(peer, node.seq)) await batch.put(node, "answer");
      });
      return toMessage(node, this.#local.viewer, null);
    });
  }

  /** Deletes for the viewer. */
  async delete(messages: readonly Message[]): Promise<void> {
    const stored = messages.flatMap(({ id, seq, peer }) => (id === null || seq === null ? [] : [{ id, seq, peer }]));
    for (let from = 0; from < stored.length; from += MOST_PER_PAGE) {
      const some = stored.slice(from, from + MOST_PER_PAGE);
      await this.#connection.ask(DeleteMessages, { ids: some.map(({ id }) => id) });
      await this.#local.change(async (batch) => {
        for (const { peer, seq } of some) await batch.delete(peer, seq);
      });
    }
  }

  clear(peer: string): Promise<void> {
    const ask = () => this.#connection.ask(ClearConversation, { input: { peer } });
    return this.#arranged(async () => (await ask()).clearConversation);
  }

  pin(peer: string, pinned: boolean): Promise<void> {
    const ask = () => this.#connection.ask(PinConversation, { input: { peer, pinned } });
    return this.#arranged(async () => (await ask()).pinConversation);
  }

  mute(peer: string, muted: boolean): Promise<void> {
    const ask = () => this.#connection.ask(MuteConversation, { input: { peer, muted } });
    return this.#arranged(async () => (await ask()).muteConversation);
  }

  #arranged(change: () => Promise<ViewResult | null>): Promise<void> {
    return this.#ticks.during(async (isOutdated) => {
      const conversation = (await change())?.conversation ?? null;
      if (conversation !== null) await this.#local.change((batch) => batch.putConversation(conversation, isOutdated));
    });
  }

  /** Here at once; on the server as soon as there is a connection, also after a reload. */
  async markRead(peer: string, upToSeq: number | undefined): Promise<void> {
    const moved = await this.#local.change(async (batch) => {
      const conversation = await batch.conversation(peer);
      const target = Math.min(upToSeq ?? conversation.headSeq, conversation.headSeq);
      if (target <= conversation.readSeq) return false;
      conversation.readSeq = target;
      conversation.readPending = true;
      return true;
    });
    if (moved && this.#connection.socket !== null) await this.#sendRead(peer);
  }

  async #sendRead(peer: string): Promise<void> {
    const kept = await this.#local.read((transaction) => transaction.conversation(peer));
    if (kept === null || !kept.readPending) return;
    try {
      const input = { peer, upToSeq: kept.readSeq };
      await this.#arranged(async () => (await this.#connection.ask(MarkRead, { input })).markRead);
    } catch (error) {
      // It stays pending, for the next connection.
      if (!toParleyError(error, "UNKNOWN").retryable) throw error;
    }
  }

  /** Reads the conversations anew, as is due after each refresh, and sends the marks that wait. */
  async catchUp(): Promise<void> {
    const known = await this.#local.read((transaction) => transaction.conversations());
    const lost = known.filter(({ headSeq }) => headSeq === 0);
    const told: ConversationFragment[] = [];
    await this.#ticks.during(async (isOutdated) => {
      for (let after: string | null = null; ; ) {
        const answer: ConversationsQuery = await this.#connection.ask(Conversations, { first: MOST_PER_PAGE, after });
        told.push(...(answer.conversations?.nodes ?? []));
        after = answer.conversations?.pageInfo.endCursor ?? null;
        const more = answer.conversations?.pageInfo.hasNextPage === true;
        // One page tells of whatever is likely to have changed; the rest is asked for where it is not known.
        if (!more || (lost.length === 0 && known.length > told.length)) break;
      }
      await this.#local.change((batch) => batch.putConversations(told, isOutdated));
    });
    const peers = new Set(told.map(({ peer }) => peer.id));
    for (const { peer } of lost) if (!peers.has(peer)) await this.#lookAt(peer);
    for (const { peer, readPending } of known) if (readPending) await this.#sendRead(peer);
  }

  /** A conversation of which the server may know nothing any more. */
  async #lookAt(peer: string): Promise<void> {
    const { conversation } = await this.#connection.ask(ConversationWith, { peer });
    await this.#local.change(async (batch) => {
      if (conversation !== null) await batch.putConversation(conversation);
      else await batch.forgetUnread(peer);
    });
  }
}
