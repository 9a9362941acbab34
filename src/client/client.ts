/** What a logged-in user can do. */
import { Actions } from "./actions.ts";
import { Connection } from "./connection.ts";
import { ConversationList } from "./conversation-list.ts";
import { Emitter } from "./emitter.ts";
import { ParleyError, toParleyError } from "./errors.ts";
import { History, newest, toPage } from "./history.ts";
import { Inbox } from "./inbox.ts";
import type { Local } from "./local.ts";
import type { LoginOptions } from "./login.ts";
import { MessageList } from "./message-list.ts";
import type {
  ChatEvents,
  ConnectionState,
  ContentInput,
  Conversation,
  Message,
  MessagePage,
  SendFileOptions,
  SendOptions,
} from "./model.ts";
import { Notifications } from "./notifications.ts";
import type { Observable } from "./observable.ts";
import { Outbox, type Sending } from "./outbox.ts";
import { People } from "./people.ts";
import type { Session } from "./session.ts";
import { Typing } from "./typing.ts";
import { type UploadProgress, Uploads } from "./uploads.ts";

const HEARTBEAT = 15_000;
const PATIENCE = 15_000;
const PAGE = 50;

export class Chat {
  /** Id of the user. */
  readonly user: string;
  /** Friends, requests, the blacklist, profiles, presence. */
  readonly people: People;
  /** Notifications while the app is closed. */
  readonly notifications: Notifications;
  /** Whether there is a connection, and whether the device is in step with the server. */
  readonly connection: Observable<ConnectionState>;
  /** The conversations, pinned first, then the newest. */
  readonly conversations: Observable<readonly Conversation[]>;
  readonly #local: Local;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #events = new Emitter<ChatEvents>();
  readonly #uploads: Uploads;
  readonly #outbox: Outbox;
  readonly #history: History;
  readonly #actions: Actions;
  readonly #typing: Typing;
  readonly #lists = new Map<string, MessageList>();
  readonly #cleanUp: (() => void)[] = [];

  /** Use `login`. */
  constructor(options: LoginOptions, local: Local, session: Session) {
    const { url, webSocketImpl, backoff, heartbeatMs = HEARTBEAT, patienceMs = PATIENCE } = options;
    const events = this.#events;
    this.user = options.user;
    this.#local = local;
    this.#session = session;
    this.#connection = new Connection(session, { url, webSocketImpl, heartbeatMs, patienceMs, backoff }, (error) =>
      events.emit("error", error),
    );
    const inbox = new Inbox(local, this.#connection, events);
    this.#uploads = new Uploads(local, this.#connection, backoff);
    this.#outbox = new Outbox(local, this.#connection, this.#uploads, events, backoff);
    this.#history = new History(local, this.#connection, inbox.ticks);
    this.#actions = new Actions(local, this.#connection, inbox.ticks);
    this.#typing = new Typing(this.#connection, events);
    this.people = new People(this.#connection);
    this.notifications = new Notifications(this.#connection);
    this.connection = this.#connection.state;
    const conversations = new ConversationList(local, events);
    this.conversations = conversations;

    this.#connection.onOpened = (socket) => {
      inbox.open(socket).catch((error) => events.emit("error", toParleyError(error, "STORE_FAILED")));
      this.#typing.open(socket);
      this.#outbox.connected();
    };
    inbox.onCaughtUp = () => this.#actions.catchUp();
    this.#connection.state.subscribe(() => events.emit("connection", this.#connection.state.getSnapshot()));
    events.on("newMessage", ({ message }) => {
      if (!message.mine) this.#typing.stopped(message.peer);
    });
    this.#retryWhenOnline();
    void conversations.refresh();
    void this.#connection.run();
  }

  #retryWhenOnline(): void {
    if (typeof globalThis.addEventListener !== "function") return;
    const retry = () => this.#connection.retryNow();
    globalThis.addEventListener("online", retry);
    this.#cleanUp.push(() => globalThis.removeEventListener("online", retry));
  }

  /** Calls back at each event of this name; the returned function stops. */
  on<Name extends keyof ChatEvents>(name: Name, listener: (event: ChatEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Sends a message. It is shown at once and sent as soon as there is a connection, in its order, also after a reload.
   * @throws ParleyError MESSAGE_NOT_FOUND for a `replyTo` that has not been sent itself
   * @example chat.sendMessage("bob", "Hello")
   * @example chat.sendMessage("bob", { location: { name: "Home", latitude: 59.3, longitude: 18.1 } })
   */
  sendMessage(to: string, content: ContentInput, options: SendOptions = {}): Sending {
    this.#typing.say(to, false);
    return this.#outbox.send(to, content, options);
  }

  /**
   * Sends a picture, a sound, a video or a file. It is shown at once from what is on this device (`file`), uploaded
   * beside whatever else is sent, and sent when the server has it. It goes on after any break, also after a reload.
   * @throws ParleyError MESSAGE_NOT_FOUND for a `replyTo` that has not been sent itself
   * @example chat.sendFile("bob", input.files[0])
   */
  sendFile(to: string, file: Blob, options: SendFileOptions = {}): Sending {
    return this.#outbox.sendFile(to, file, options);
  }

  /** How far the file of a message has come that is `uploading`. */
  uploadProgress({ key }: Message): Observable<UploadProgress> {
    return this.#uploads.progress(key);
  }

  /** The message as the server has it now, with links that are good again; null where it has it no more. */
  reload(message: Message): Promise<Message | null> {
    return this.#actions.reload(idOf(message));
  }

  /** Tries a message that has failed again. */
  retry(message: Message): Promise<void> {
    return this.#outbox.retry(message.key);
  }

  /** Takes a message away that has failed, or is `uploading`. */
  discard(message: Message): Promise<void> {
    return this.#outbox.discard(message.key);
  }

  /**
   * The newest messages with a peer, kept up to date while somebody is subscribed; the same object for each peer. What
   * is shown stays when others come; it is a page again when the last subscriber has left.
   */
  messages(peer: string): MessageList {
    const known = this.#lists.get(peer);
    if (known !== undefined) return known;
    const list = new MessageList(peer, this.#local, this.#history, this.#typing, this.#events);
    this.#lists.set(peer, list);
    return list;
  }

  /**
   * A page of a conversation, oldest first: the `count` messages (default 50) before the seq `before`, or the newest.
   * What this device does not hold is fetched; without a connection it gives what there is, with `complete: false`.
   * @throws ParleyError where the server refuses
   */
  async getMessages(
    peer: string,
    { before, count = PAGE }: { readonly before?: number; readonly count?: number } = {},
  ): Promise<MessagePage> {
    const bounds = newest(count, before);
    let window = await this.#history.read(peer, bounds);
    if (window.hole !== null && this.#connection.socket !== null) {
      try {
        window = await this.#history.fill(peer, bounds);
      } catch (error) {
        if (toParleyError(error, "UNKNOWN").code !== "OFFLINE") throw error;
      }
    }
    return toPage(window, this.#local.viewer, this.#history.inStep, before === undefined);
  }

  /** Takes an own message back, for everybody. @throws ParleyError RECALL_WINDOW_PASSED, MESSAGE_NOT_FOUND, … */
  recallMessage(message: Message): Promise<Message> {
    return this.#actions.recall(idOf(message));
  }

  /** Puts other content of the same kind in an own message: text, face, location or custom. @throws ParleyError */
  editMessage(message: Message, content: ContentInput): Promise<Message> {
    return this.#actions.edit(idOf(message), content);
  }

  /** Deletes messages for the viewer, on all its devices; the peer keeps them. @throws ParleyError */
  deleteMessages(messages: readonly Message[]): Promise<void> {
    return this.#actions.delete(messages);
  }

  /** Empties a conversation for the viewer, on all its devices. @throws ParleyError */
  clearConversation(peer: string): Promise<void> {
    return this.#actions.clear(peer);
  }

  pinConversation(peer: string, pinned = true): Promise<void> {
    return this.#actions.pin(peer, pinned);
  }

  /** Stops notifications of a conversation; its messages still come. */
  muteConversation(peer: string, muted = true): Promise<void> {
    return this.#actions.mute(peer, muted);
  }

  /** Marks a conversation read, up to a seq or to its end. It holds at once, and on the server as soon as it can. */
  markRead(peer: string, upToSeq?: number): Promise<void> {
    return this.#actions.markRead(peer, upToSeq);
  }

  /** The viewer types, or has stopped: call it at each key. Told to the peer every few seconds at most. */
  setTyping(peer: string, typing = true): void {
    this.#typing.say(peer, typing);
  }

  /** Whatever waits for a connection tries now. */
  reconnect(): void {
    this.#connection.retryNow();
  }

  /** Leaves, and keeps the session and what is stored for the next time. */
  close(): void {
    this.#leave(new ParleyError("SESSION_ENDED", "The client was closed."));
    this.#events.close();
    this.#local.close();
  }

  /** Ends the session of this device, in all its tabs, and erases what is stored of it here. */
  async logout(): Promise<void> {
    this.#leave(new ParleyError("SESSION_ENDED", "Logged out."));
    try {
      await this.#session.logout();
    } catch (error) {
      // Without an answer the session runs out by itself.
      if (toParleyError(error, "UNKNOWN").code !== "OFFLINE")
        this.#events.emit("error", toParleyError(error, "UNKNOWN"));
    } finally {
      this.#events.close();
      await this.#local.erase();
      this.#local.close();
    }
  }

  #leave(error: ParleyError): void {
    this.#outbox.close();
    this.#typing.close();
    this.#connection.stop(error);
    for (const step of this.#cleanUp.splice(0)) step();
  }
}

function idOf({ id }: Message): string {
  if (id === null) throw new ParleyError("MESSAGE_NOT_FOUND", "This message has not been sent yet.");
  return id;
}
