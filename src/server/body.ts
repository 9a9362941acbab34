/** Bodies of requests, as far as they are looked at before GraphQL. */
import type { IncomingMessage } from "node:http";

/** A form can be posted by any page without asking; only JSON cannot. */
export function isJson({ headers }: IncomingMessage): boolean {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  return type === "application/json";
}

/** Whether the whole body is announced, is not too long, and comes as it is. */
export function hasPlainBody({ headers }: IncomingMessage, mostBytes: number): boolean {
  const length = Number(headers["content-length"] ?? 0);
  return length > 0 && length <= mostBytes && headers["content-encoding"] === undefined;
}

/** Null where the client goes before it has sent all of it. */
export function readBody(request: IncomingMessage): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)));
    request.on("close", () => resolve(null));
  });
}
