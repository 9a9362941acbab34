/**
 * One connection to Apple's service, made anew when it is needed. The service says how many streams it takes at a time;
 * what goes beyond that waits here.
 */
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from "node:http2";

/** Bytes of an answer that are read. */
const LONGEST_ANSWER = 64 * 1024;
const TIMEOUT_MS = 10_000;

export interface ApnsAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: string;
}

/** The service did not take the request: it can be sent again. */
class NotTaken extends Error {
  override readonly name = "NotTaken";
}

class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

export interface ApnsSession {
  /** @throws Error where there is no answer within the time */
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<ApnsAnswer>;
  close(): void;
}

type Waiter = { readonly resolve: () => void; readonly reject: (why: unknown) => void };

interface Connection {
  readonly session: ClientHttp2Session;
  /** Requests that wait for one of those under way to end, the first first. */
  readonly waiting: Set<Waiter>;
  streams: number;
  /** How many the service takes: none until it has said so. */
  mostStreams: number;
  /** Streams beyond this one the service has not looked at. */
  lastTaken: number;
}

export interface ApnsSessionOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

/** Gives those that have waited longest what is free. */
function next(connection: Connection): void {
  for (const waiter of connection.waiting) {
    if (connection.streams >= connection.mostStreams) return;
    connection.waiting.delete(waiter);
    connection.streams += 1;
    waiter.resolve();
  }
}

function turn(connection: Connection, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiter = { resolve, reject };
    connection.waiting.add(waiter);
    // Whoever was told that it failed may send it again: it must not go out from here as well.
    signal.addEventListener("abort", () => connection.waiting.delete(waiter) && reject(signal.reason), { once: true });
    next(connection);
  });
}

export function createApnsSession({ url, ca, timeoutMs = TIMEOUT_MS }: ApnsSessionOptions): ApnsSession {
  /** With those that take nothing new and have not ended yet. */
  const connections = new Set<Connection>();
  let current: Connection | null = null;
  let closed = false;

  /** Nothing new goes over it. */
  function leave(connection: Connection, why: unknown): void {
    if (current === connection) current = null;
    for (const waiter of connection.waiting) waiter.reject(why);
    connection.waiting.clear();
  }

  /** Somebody waited in vain: perhaps nobody is there any more, which a connection need not tell. */
  function retire(connection: Connection): void {
    leave(connection, new NotTaken("the connection is left"));
    connection.session.close();
    // What else is under way has its own time limit, and is over by then.
    setTimeout(() => connection.session.destroy(), timeoutMs).unref();
  }

  function open(): Connection {
    if (closed) throw new Error("closed");
    if (current !== null && !current.session.closed && !current.session.destroyed) return current;
    const session = connect(url, ca === undefined ? {} : { ca });
    const opened = { session, waiting: new Set<Waiter>(), streams: 0, mostStreams: 0, lastTaken: Infinity };
    const late = setTimeout(() => session.destroy(new TimeoutError("no connection in time")), timeoutMs);
    session.on("remoteSettings", ({ maxConcurrentStreams }) => {
      clearTimeout(late);
      opened.mostStreams = maxConcurrentStreams ?? 100;
      next(opened);
    });
    session.on("goaway", (_, lastStream: number) => {
      opened.lastTaken = lastStream;
      leave(opened, new NotTaken("the service went away"));
    });
    // Streams hear of it by themselves. Where nothing came about, another attempt at once would come to the same.
    session.on("error", (error) => leave(opened, opened.mostStreams === 0 ? error : new NotTaken(error.message)));
    session.on("close", () => {
      clearTimeout(late);
      connections.delete(opened);
      leave(opened, new NotTaken("the connection was closed"));
    });
    session.unref();
    connections.add(opened);
    current = opened;
    return opened;
  }

  async function ask(
    connection: Connection,
    headers: OutgoingHttpHeaders,
    body: string,
    signal: AbortSignal,
  ): Promise<ApnsAnswer> {
    const { session } = connection;
    if (session.closed || session.destroyed) throw new NotTaken("the connection was closed");
    const stream = session.request(headers);
    return new Promise((resolve, reject) => {
      let status = 0;
      let retryAfter: string | null = null;
      let text = "";
      let trouble: unknown = null;
      const stop = () => {
        // At once: a connection that is dead does not tell that the stream was closed.
        reject(signal.reason);
        stream.close(constants.NGHTTP2_CANCEL);
        retire(connection);
      };
      signal.addEventListener("abort", stop, { once: true });
      stream.setEncoding("utf8");
      stream.on("response", (answered) => {
        status = answered[":status"] ?? 0;
        retryAfter = answered["retry-after"]?.toString() ?? null;
      });
      stream.on("data", (part: string) => {
        text += part;
        if (text.length > LONGEST_ANSWER) stream.close(constants.NGHTTP2_CANCEL);
      });
      stream.on("error", (error) => {
        trouble = error;
      });
      stream.on("close", () => {
        signal.removeEventListener("abort", stop);
        const { rstCode, id = Infinity } = stream;
        const isTaken = status !== 0 || id <= connection.lastTaken;
        if (rstCode === constants.NGHTTP2_REFUSED_STREAM || !isTaken) reject(new NotTaken("the stream was refused"));
        else if (trouble !== null) reject(trouble);
        else if (status === 0 || rstCode !== constants.NGHTTP2_NO_ERROR) reject(new Error(`no answer: ${rstCode}`));
        else resolve({ status, retryAfter, body: text });
      });
      stream.end(body);
    });
  }

  async function attempt(headers: OutgoingHttpHeaders, body: string, signal: AbortSignal): Promise<ApnsAnswer> {
    const connection = open();
    await turn(connection, signal);
    try {
      connection.session.ref();
      return await ask(connection, headers, body, signal);
    } finally {
      connection.streams -= 1;
      if (connection.streams === 0) connection.session.unref();
      next(connection);
    }
  }

  return {
    async post(path, headers, body) {
      const all = { ":method": "POST", ":path": path, ...headers };
      const limit = new AbortController();
      const timer = setTimeout(() => limit.abort(new TimeoutError("no answer in time")), timeoutMs);
      try {
        return await attempt(all, body, limit.signal).catch((error: unknown) => {
          if (!(error instanceof NotTaken)) throw error;
          return attempt(all, body, limit.signal);
        });
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      closed = true;
      for (const { session } of connections) session.destroy();
    },
  };
}
