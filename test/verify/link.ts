/** A stretch of network between the clients and the server, which can break in the ways that networks do. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export class Link {
  readonly #server = createServer((client) => this.#accept(client));
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #frozen = false;
  /** The port of the server, as it is when a client connects. */
  target: () => number = () => 0;

  async listen(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/graphql`;
  }

  #accept(client: Socket): void {
    const upstream = connect(this.target(), "127.0.0.1");
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    const forward = (from: Socket, to: Socket) => {
      from.on("data", (bytes) => {
        // What is sent into a dead link is gone, and nobody is told.
        if (this.#frozen) return;
        if (!to.write(bytes)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
      from.on("error", () => {});
      from.on("close", () => {
        this.#pairs.delete(pair);
        if (!this.#frozen) to.destroy();
      });
    };
    forward(client, upstream);
    forward(upstream, client);
  }

  /** From now on every byte is lost, while all connections look open to both ends. */
  freeze(): void {
    this.#frozen = true;
  }

  /** New connections work again; those that have lost bytes are closed. */
  thaw(): void {
    this.cutAll();
    this.#frozen = false;
  }

  /** Closes every connection at once. */
  cutAll(): void {
    for (const [client, upstream] of this.#pairs) {
      client.destroy();
      upstream.destroy();
    }
  }

  close(): void {
    this.cutAll();
    this.#server.close();
  }
}
