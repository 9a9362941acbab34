/** A push vendor's service on this machine: it keeps what it was asked, checks it, and answers as it is told. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object goes as JSON. */
  readonly body?: unknown;
}

/** `hang`: nothing comes, the connection stays; `cut`: it is cut. */
export type Fate = Reply | "hang" | "cut";

export abstract class FakeVendor {
  readonly asked: Asked[] = [];
  /** What the next sends get, one after the other; then they succeed. */
  readonly fates: Fate[] = [];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", async () => {
        const { method = "", url = "", headers } = request;
        const asked = { method, path: url, headers, body: Buffer.concat(parts).toString() };
        this.asked.push(asked);
        let fate: Fate;
        try {
          fate = await this.answer(asked);
        } catch (error) {
          fate = { status: 500, body: `the fake did not understand: ${String(error)}` };
        }
        if (fate === "hang") return;
        if (fate === "cut") return void request.socket.destroy();
        const { status = 200, headers: more = {}, body = "" } = fate;
        response.writeHead(status, more).end(typeof body === "string" ? body : JSON.stringify(body));
      });
    });
  }

  /** As the vendor answers: takes the next of the fates where it is asked to send. */
  protected abstract answer(asked: Asked): Fate | Promise<Fate>;

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    onTestFinished(() => this.stop());
    return this;
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** What was asked at paths that begin with this. */
  at(path: string): Asked[] {
    return this.asked.filter((each) => each.path.startsWith(path));
  }
}
