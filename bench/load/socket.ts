/**
 * A WebSocket client that costs next to nothing, so that the load is not what is measured: frames are written and read
 * as bytes, and all that is sent in one turn leaves in one write. The mask is zero, which is as legal as any.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

const MASKED = 0x80;
const FINAL_TEXT = 0x81;
const FINAL_PONG = 0x8a;
const NO_MASK = Buffer.alloc(4);

function headerOf(firstByte: number, length: number): Buffer {
  if (length < 126) return Buffer.from([firstByte, MASKED | length]);
  if (length < 65_536) return Buffer.from([firstByte, MASKED | 126, length >> 8, length & 0xff]);
  throw new Error("the load sends no frame this long");
}

export class RawSocket {
  readonly #socket: Socket;
  readonly #onText: (text: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  closed = false;

  private constructor(socket: Socket, rest: Buffer, onText: (text: string) => void) {
    this.#socket = socket;
    this.#onText = onText;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
    if (rest.length > 0) this.#take(rest);
  }

  /**
   * Opens a WebSocket on this machine. Texts are handed over as Latin-1: what the bench sends is ASCII.
   * @throws Error where the server refuses the upgrade
   */
  static async open(port: number, path: string, protocol: string | null, onText: (text: string) => void) {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    const lines = [
      `GET ${path} HTTP/1.1`,
      "Host: 127.0.0.1",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ...(protocol === null ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    let received: Buffer = Buffer.alloc(0);
    while (!received.includes("\r\n\r\n")) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      received = Buffer.concat([received, chunk]);
    }
    const end = received.indexOf("\r\n\r\n") + 4;
    if (!received.subarray(0, end).toString().startsWith("HTTP/1.1 101")) {
      throw new Error(`no WebSocket: ${received.toString("latin1", 0, end)}`);
    }
    return new RawSocket(socket, received.subarray(end), onText);
  }

  send(text: string): void {
    this.#queue(FINAL_TEXT, Buffer.from(text));
  }

  #queue(firstByte: number, payload: Buffer): void {
    if (this.#parts.length === 0) queueMicrotask(() => this.#flush());
    this.#parts.push(headerOf(firstByte, payload.length), NO_MASK, payload);
  }

  #flush(): void {
    const parts = this.#parts;
    this.#parts = [];
    if (!this.closed) this.#socket.write(Buffer.concat(parts));
  }

  #take(chunk: Buffer): void {
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      if (data.length < 2) break;
      const opcode = data.readUInt8(0) & 0x0f;
      let length = data.readUInt8(1);
      let start = 2;
      if (length === 126) {
        if (data.length < 4) break;
        length = data.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (data.length < 10) break;
        length = Number(data.readBigUInt64BE(2));
        start = 10;
      }
      if (data.length < start + length) break;
      if (opcode === 1) this.#onText(data.toString("latin1", start, start + length));
      else if (opcode === 9) this.#queue(FINAL_PONG, data.subarray(start, start + length));
      data = data.subarray(start + length);
    }
    this.#rest = data;
  }

  /** Ends the connection and waits until it is gone. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.#socket.destroy();
    await once(this.#socket, "close");
  }
}
