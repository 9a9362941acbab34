/**
 * One connection to Apple's service, made anew when it is needed. The service says how many streams it takes at a time;
 * what goes beyond that waits here.
 */
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";

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

export interface ApnsSession {
  /** @throws Error where there is no answer within the time */
  post(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<ApnsAnswer>;
  close(): void;
}

interface Open {
  readonly session: ClientHttp2Session;
  /** Resolves when the service has said how many streams it takes. */
  readonly ready: Promise<void>;
  /** Requests that wait for one of those under way to end. */
  readonly waiting: (() => void)[];
  streams: number;
}

export interface ApnsSessionOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
}

export function createApnsSession({ url, ca, timeoutMs = TIMEOUT_MS }: ApnsSessionOptions): ApnsSession {
  let current: Open | null = null;
  let closed = false;

  function open(): Open {
    if (closed) throw new Error("closed");
    if (current !== null && !current.session.closed && !current.session.destroyed) return current;
    const session = connect(url, ca === undefined ? {} : { ca });
    const waiting: (() => void)[] = [];
    const opened: Open = {
      session,
      streams: 0,
      waiting,
      ready: new Promise((resolve, reject) => {
        session.once("remoteSettings", () => resolve());
        session.once("error", reject);
        session.once("close", () => reject(new NotTaken("the connection was closed")));
      }),
    };
    opened.ready.catch(() => {});
    const leave = () => {
      if (current === opened) current = null;
      for (const go of waiting.splice(0)) go();
    };
    session.on("remoteSettings", () => next(opened));
    // Streams hear of it by themselves.
    session.on("error", leave).on("close", leave).on("goaway", leave);
    session.unref();
    current = opened;
    return opened;
  }

  function most({ session }: Open): number {
    return session.remoteSettings.maxConcurrentStreams ?? 100;
  }

  function next(opened: Open): void {
    for (let free = most(opened) - opened.streams; free > 0; free -= 1) opened.waiting.shift()?.();
  }

  async function turn(opened: Open): Promise<void> {
    await opened.ready;
    while (opened.streams >= most(opened)) {
      await new Promise<void>((resolve) => opened.waiting.push(resolve));
      if (opened.session.closed || opened.session.destroyed) throw new NotTaken("the connection was closed");
    }
    opened.streams += 1;
  }

  function ask(stream: ClientHttp2Stream, body: string): Promise<ApnsAnswer> {
    return new Promise((resolve, reject) => {
      let status = 0;
      let retryAfter: string | null = null;
      let text = "";
      stream.setEncoding("utf8");
      stream.on("response", (headers) => {
        status = headers[":status"] ?? 0;
        retryAfter = headers["retry-after"]?.toString() ?? null;
      });
      stream.on("data", (part: string) => {
        text += part;
        if (text.length > LONGEST_ANSWER) stream.close(constants.NGHTTP2_CANCEL);
      });
      let trouble: unknown = null;
      stream.on("error", (error) => {
        trouble = error;
      });
      stream.on("close", () => {
        const { rstCode } = stream;
        if (rstCode === constants.NGHTTP2_REFUSED_STREAM) reject(new NotTaken("the stream was refused"));
        else if (trouble !== null) reject(trouble);
        else if (status === 0 || rstCode !== constants.NGHTTP2_NO_ERROR) reject(new Error(`no answer: ${rstCode}`));
        else resolve({ status, retryAfter, body: text });
      });
      stream.end(body);
    });
  }

  async function attempt(path: string, headers: Readonly<Record<string, string>>, body: string): Promise<ApnsAnswer> {
    const opened = open();
    await turn(opened);
    let stream: ClientHttp2Stream;
    const timer = setTimeout(() => stream?.close(constants.NGHTTP2_CANCEL), timeoutMs);
    try {
      opened.session.ref();
      stream = opened.session.request({ ":method": "POST", ":path": path, ...headers });
      return await ask(stream, body);
    } finally {
      clearTimeout(timer);
      opened.streams -= 1;
      if (opened.streams === 0) opened.session.unref();
      next(opened);
    }
  }

  return {
    async post(path, headers, body) {
      // Where not even a connection comes about.
      let late: NodeJS.Timeout | undefined;
      const timeout = new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(new Error("no answer in time")), timeoutMs * 2);
      });
      try {
        return await Promise.race([
          attempt(path, headers, body).catch((error: unknown) => {
            if (!(error instanceof NotTaken)) throw error;
            return attempt(path, headers, body);
          }),
          timeout,
        ]);
      } finally {
        clearTimeout(late);
      }
    },
    close() {
      closed = true;
      const last = current;
      current = null;
      last?.session.destroy();
    },
  };
}
