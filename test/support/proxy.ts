/** A stretch of network between clients and a server, which breaks where a test says. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** What becomes of one connection. Bytes count from its first, in the direction that is named. */
export interface Fate {
  /** Cut after so many bytes have gone up (to the server), or down. */
  readonly cutAfterUp?: number;
  readonly cutAfterDown?: number;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
}

export class NetworkProxy {
  readonly #server: Server = createServer({ noDelay: true }, (client) => this.#accept(client));
  readonly #target: () => number | null;
  readonly #pairs = new Set<Pair>();
  readonly #waiting = new Set<() => void>();
  /** Those who wait until somebody can get through. */
  readonly #shutOut = new Set<() => void>();
  #refusing = false;
  #frozen = false;
  /** For the next connections, one each; those after them are left alone. */
  readonly fates: Fate[] = [];
  /** So many connections were made, and so many were cut. */
  connections = 0;
  cuts = 0;
  /** So many found nobody, because it was shut. */
  refused = 0;

  /** @param target the port of the server, asked for at each connection; null while there is none */
  constructor(target: () => number | null) {
    this.#target = target;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/graphql`;
  }

  #accept(client: Socket): void {
    client.on("error", () => {});
    const port = this.#refusing ? null : this.#target();
    if (port === null) {
      this.refused += 1;
      client.destroy();
      return;
    }
    this.connections += 1;
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    upstream.on("error", () => {});
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const { cutAfterUp, cutAfterDown } = this.fates.shift() ?? {};
    this.#forward(pair, client, upstream, cutAfterUp);
    this.#forward(pair, upstream, client, cutAfterDown);
    for (const look of this.#waiting) look();
  }

  #forward(pair: Pair, from: Socket, to: Socket, cutAfter = Number.POSITIVE_INFINITY): void {
    let left = cutAfter;
    from.on("data", (bytes: Buffer) => {
      // What is sent into a dead link is gone, and nobody is told.
      if (this.#frozen) return;
      if (bytes.length >= left) to.write(bytes.subarray(0, left), () => this.#cut(pair));
      else if (!to.write(bytes)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
      left -= Math.min(bytes.length, left);
    });
    from.on("close", () => {
      if (this.#frozen) return;
      this.#pairs.delete(pair);
      to.destroy();
    });
  }

  #cut(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    this.cuts += 1;
    pair.client.destroy();
    pair.upstream.destroy();
  }

  /** Cuts every connection at once. */
  cutAll(): void {
    for (const pair of this.#pairs) this.#cut(pair);
  }

  /** Nobody gets through, until `open`. */
  shut(): void {
    this.#refusing = true;
    this.cutAll();
  }

  open(): void {
    this.#refusing = false;
    for (const go of this.#shutOut) go();
    this.#shutOut.clear();
  }

  /** Resolves while it is open, else as soon as it is. */
  async untilOpen(): Promise<void> {
    if (this.#refusing) await new Promise<void>((resolve) => this.#shutOut.add(resolve));
  }

  /** Every byte is lost from now on, while both ends see a connection; new ones hang too. */
  freeze(): void {
    this.#frozen = true;
  }

  /** What is new works again; what has lost bytes is dead for good. */
  thaw(): void {
    this.#frozen = false;
    this.cutAll();
  }

  /** Resolves when so many connections have been made. */
  async untilConnections(count: number): Promise<void> {
    if (this.connections >= count) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (this.connections < count) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  close(): void {
    this.shut();
    this.#server.close();
  }
}
