/** HTTP connections that stay open and ask one thing at a time, as cheap as the load's WebSockets. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const HEADERS_END = "\r\n\r\n";

interface Answer {
  readonly status: number;
  readonly body: string;
  /** Bytes of the whole answer. */
  readonly end: number;
}

/** The answer that the data begins with; null where it is not all there. */
function readAnswer(data: Buffer): Answer | null {
  const headersEnd = data.indexOf(HEADERS_END);
  if (headersEnd < 0) return null;
  const headers = data.toString("latin1", 0, headersEnd);
  const start = headersEnd + HEADERS_END.length;
  const status = Number(headers.slice(9, 12));
  const length = /\r\ncontent-length: (\d+)/i.exec(headers)?.[1];
  if (length !== undefined) {
    const end = start + Number(length);
    return data.length < end ? null : { status, body: data.toString("latin1", start, end), end };
  }
  const last = data.indexOf("\r\n0\r\n\r\n", start);
  if (last < 0) return null;
  const body = data.toString("latin1", start, last).replace(/(^|\r\n)[0-9a-f]+\r\n/gi, "");
  return { status, body, end: last + 7 };
}

export class HttpConnection {
  readonly #socket: Socket;
  #data: Buffer = Buffer.alloc(0);
  #onAnswer: ((body: string) => void) | null = null;
  /** Servers close what has been idle for some seconds. */
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk]);
      const answer = readAnswer(this.#data);
      if (answer === null) return;
      this.#data = this.#data.subarray(answer.end);
      if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.body}`);
      const onAnswer = this.#onAnswer;
      this.#onAnswer = null;
      onAnswer?.(answer.body);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      if (this.#onAnswer !== null) throw new Error("the server closed a connection in place of an answer");
    });
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    await once(socket, "connect");
    return new HttpConnection(socket);
  }

  /** Posts JSON text; one at a time. */
  post(path: string, token: string, body: string, onAnswer: (body: string) => void): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nAccept: application/json\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }

  close(): void {
    this.#socket.destroy();
  }
}
