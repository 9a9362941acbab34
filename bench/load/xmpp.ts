/**
 * An XMPP client that costs next to nothing, with stream management (XEP-0198) and the archive (XEP-0313). All that is
 * sent in one turn leaves in one write, with one request for an acknowledgement behind it.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Client } from "../systems/system.ts";
import { type ArchivePage, archiveQuery, pageOf } from "./archive.ts";
import { ScramLogin } from "./scram.ts";
import { attributeOf, DOMAIN, StanzaReader, textIn } from "./stanzas.ts";

const HEADER = `<?xml version='1.0'?><stream:stream to='${DOMAIN}' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`;
const SASL = "urn:ietf:params:xml:ns:xmpp-sasl";
const MANAGEMENT = "urn:xmpp:sm:3";
const BIND =
  "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>";
const REQUEST = `<r xmlns='${MANAGEMENT}'/>`;

let ids = 0;

function nextId(): string {
  ids += 1;
  return `8f14e45f-ceea-467f-a0e6-${String(ids).padStart(12, "0")}`;
}

export class XmppClient implements Client {
  readonly #socket: Socket;
  readonly #onMessage: (text: string) => void;
  #onElement: (element: string) => void = () => {};
  #onHangUp: () => void = () => {};
  #outgoing = "";
  #isFlushDue = false;
  #mustRequest = false;
  #mustAnswer = false;
  #isClosed = false;
  /** Stanzas that came, since both count. */
  #received = 0;
  /** For each stanza that the server has not acknowledged, what to call then. */
  #unacknowledged: (() => void)[] = [];
  #acknowledged = 0;
  readonly #answers = new Map<string, (iq: string) => void>();
  #archived: string[] = [];

  private constructor(socket: Socket, onMessage: (text: string) => void) {
    this.#socket = socket;
    this.#onMessage = onMessage;
    const reader = new StanzaReader((element) => this.#onElement(element));
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => reader.take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#isClosed = true;
      this.#onHangUp();
    });
  }

  /**
   * Logs in to a server on this machine; resolves once the server has dealt with the client's presence.
   * @throws Error where the server refuses
   */
  static async open(port: number, user: string, password: string, onMessage: (text: string) => void) {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const client = new XmppClient(socket, onMessage);
    await client.#logIn(new ScramLogin(user, password));
    await client.#begin();
    return client;
  }

  /** The next element whose name begins like this. */
  #ask(text: string, expected: string): Promise<string> {
    this.#queue(text);
    return new Promise((resolve, reject) => {
      this.#onHangUp = () => reject(new Error("the server hung up"));
      this.#onElement = (element) => {
        if (element.startsWith(`<${expected}`)) resolve(element);
        else if (!element.startsWith("<?xml") && !element.startsWith("<stream:stream")) reject(new Error(element));
      };
    });
  }

  async #logIn(login: ScramLogin): Promise<void> {
    await this.#ask(HEADER, "stream:features");
    const auth = `<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${login.first()}</auth>`;
    const challenge = textIn(await this.#ask(auth, "challenge"), "challenge") ?? "";
    await this.#ask(`<response xmlns='${SASL}'>${login.answer(challenge)}</response>`, "success");
    await this.#ask(HEADER, "stream:features");
    await this.#ask(BIND, "iq");
    await this.#ask(`<enable xmlns='${MANAGEMENT}'/>`, "enabled");
  }

  #begin(): Promise<void> {
    this.#onElement = (element) => this.#take(element);
    return new Promise((resolve, reject) => {
      this.#onHangUp = () => reject(new Error("the server hung up"));
      this.#queueStanza("<presence/>", resolve);
    });
  }

  #take(element: string): void {
    if (element.startsWith("<message")) {
      this.#received += 1;
      this.#takeMessage(element);
    } else if (element.startsWith("<r")) {
      this.#mustAnswer = true;
      this.#queue("");
    } else if (element.startsWith("<a")) {
      this.#takeAcknowledgement(Number(attributeOf(element, "h")));
    } else if (element.startsWith("<iq")) {
      this.#received += 1;
      this.#takeAnswer(element);
    } else if (element.startsWith("<presence")) {
      this.#received += 1;
    } else if (!element.startsWith("</stream") && !element.includes("<system-shutdown")) {
      throw new Error(`the server sent ${element}`);
    }
  }

  #takeMessage(message: string): void {
    const body = textIn(message, "body");
    if (attributeOf(message, "type") === "error") throw new Error(`not sent: ${message}`);
    if (body === null) return;
    if (message.includes("<forwarded")) this.#archived.push(body);
    else this.#onMessage(body);
  }

  #takeAcknowledgement(upTo: number): void {
    const done = this.#unacknowledged.splice(0, upTo - this.#acknowledged);
    this.#acknowledged = upTo;
    for (const onStored of done) onStored();
  }

  #takeAnswer(iq: string): void {
    const id = attributeOf(iq, "id") ?? "";
    this.#answers.get(id)?.(iq);
    this.#answers.delete(id);
  }

  #queue(text: string): void {
    this.#outgoing += text;
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    queueMicrotask(() => this.#flush());
  }

  #queueStanza(stanza: string, onAcknowledged: () => void): void {
    this.#unacknowledged.push(onAcknowledged);
    this.#mustRequest = true;
    this.#queue(stanza);
  }

  #flush(): void {
    const answer = this.#mustAnswer ? `<a xmlns='${MANAGEMENT}' h='${this.#received}'/>` : "";
    const text = `${answer}${this.#outgoing}${this.#mustRequest ? REQUEST : ""}`;
    this.#outgoing = "";
    this.#isFlushDue = false;
    this.#mustAnswer = false;
    this.#mustRequest = false;
    if (!this.#isClosed) this.#socket.write(text, "latin1");
  }

  send(to: string, text: string, onStored: () => void): void {
    const message = `<message to='${to}@${DOMAIN}' type='chat' id='${nextId()}'><body>${text}</body></message>`;
    this.#queueStanza(message, onStored);
  }

  /** The newest messages with somebody that the archive has before a place, or of all; one page at a time. */
  async page(peer: string, before: string | null): Promise<ArchivePage> {
    const id = nextId();
    const answer = await new Promise<string>((resolve) => {
      this.#answers.set(id, resolve);
      this.#queueStanza(archiveQuery(id, peer, before), () => {});
    });
    const texts = this.#archived;
    this.#archived = [];
    return pageOf(texts, answer);
  }

  /** Acknowledges what came, so that the server need not keep it for this connection. */
  async settle(): Promise<void> {
    this.#mustAnswer = true;
    this.#queue("");
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    const closed = once(this.#socket, "close");
    this.#mustAnswer = true;
    this.#queue("</stream:stream>");
    await closed;
  }
}
