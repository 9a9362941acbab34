/** Requests to others over HTTP/1.1: kept connections, a time limit, no redirects, short answers. */
import type { LookupFunction } from "node:net";
import { Agent, request } from "undici";

/** Milliseconds that others may take to answer. */
const TIMEOUT_MS = 10_000;
/** Bytes of an answer that are read. */
const LONGEST_ANSWER = 64 * 1024;

export interface Answer {
  readonly status: number;
  /** Value of a header, by its lower-case name. */
  header(name: string): string | null;
  readonly text: string;
  /** The body as JSON; null where it is none. */
  readonly json: unknown;
}

export interface HttpOptions {
  /** Certificates that are trusted instead of the system's, as PEM. */
  readonly ca?: string | undefined;
  /** Milliseconds. Default 10,000. */
  readonly timeoutMs?: number | undefined;
  /** Finds addresses of names; left out: the system's. */
  readonly lookup?: LookupFunction | undefined;
}

export interface Http {
  /** @throws Error where there is no answer within the time, or too long a one */
  post(url: string, headers: Readonly<Record<string, string>>, body: string | Buffer): Promise<Answer>;
  close(): Promise<void>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function createHttp({ ca, timeoutMs = TIMEOUT_MS, lookup }: HttpOptions = {}): Http {
  const agent = new Agent({
    connect: {
      timeout: timeoutMs,
      ...(ca === undefined ? {} : { ca }),
      ...(lookup === undefined ? {} : { lookup }),
    },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: LONGEST_ANSWER,
    connections: 64,
  });
  return {
    async post(url, headers, body) {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await request(url, { method: "POST", headers, body, dispatcher: agent, signal });
      const text = await answer.body.text();
      return {
        status: answer.statusCode,
        header: (name) => answer.headers[name]?.toString() ?? null,
        text,
        json: parsed(text),
      };
    },
    close: () => agent.destroy(),
  };
}

/** A form's body and its header. */
export function form(fields: Readonly<Record<string, string>>): { headers: Record<string, string>; body: string } {
  return {
    headers: { "content-type": "application/x-www-form-urlencoded;charset=UTF-8" },
    body: new URLSearchParams(fields).toString(),
  };
}

/** Milliseconds of a `Retry-After` header, in seconds or as a date; null where there is none. */
export function retryAfter(answer: Answer, now: number): number | null {
  const value = answer.header("retry-after");
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
