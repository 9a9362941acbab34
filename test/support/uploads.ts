/** Uploading as clients do: with the official tus client, over the network. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type DetailedError, Upload } from "tus-js-client";
import type { App, Person } from "./app.ts";
import type { Data } from "./socket.ts";

export type Kind = "IMAGE" | "SOUND" | "FILE" | "VIDEO";

export interface Ticket {
  readonly upload: Data;
  readonly endpoint: string;
  readonly ticket: string;
}

const UPLOAD = "id kind name size state refusal mimeType width height durationMs expiresAt";

/** What `createUpload` answers: a ticket, or an error. */
export async function createUpload(person: Person, kind: Kind, size: number, name = "a file"): Promise<Data> {
  const query = `mutation Create($input: CreateUploadInput!) { createUpload(input: $input) {
    __typename ... on CreateUploadSuccess { endpoint ticket upload { ${UPLOAD} } } ... on Error { code reason }
    ... on CreateUploadError { field } } }`;
  return (await person.get(query, { input: { kind, size, name } })).createUpload;
}

export async function ticketFor(person: Person, kind: Kind, size: number, name = "a file"): Promise<Ticket> {
  const answer = await createUpload(person, kind, size, name);
  if (answer.__typename !== "CreateUploadSuccess") throw new Error(JSON.stringify(answer));
  return answer as Ticket;
}

export async function uploadNow(person: Person, id: string): Promise<Data | null> {
  return (await person.get(`query Now($id: ID!) { upload(id: $id) { ${UPLOAD} } }`, { id })).upload;
}

/** One request of the protocol's, by hand. */
export function tus(
  { url }: Pick<App, "url">,
  { endpoint, ticket }: Pick<Ticket, "endpoint" | "ticket">,
  method: string,
  headers: Record<string, string> = {},
  body?: Buffer,
): Promise<Response> {
  return fetch(new URL(endpoint, url), {
    method,
    headers: { Authorization: `Bearer ${ticket}`, "Tus-Resumable": "1.0.0", ...headers },
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });
}

export const PATCH = { "Content-Type": "application/offset+octet-stream" };

/** Begins an upload, and gives where it goes on. */
export async function begin(app: Pick<App, "url">, ticket: Ticket): Promise<Ticket> {
  const answer = await tus(app, ticket, "POST", { "Upload-Length": String(ticket.upload.size) });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return { ...ticket, endpoint: answer.headers.get("location") ?? "" };
}

/** The upload's id as it is stored, and stands in addresses. */
export function storedId({ upload }: Ticket): string {
  return String(upload.id).slice(2);
}

/** Resolves with how it ended: null where all went well. */
export function bring(
  app: Pick<App, "url">,
  { endpoint, ticket }: Pick<Ticket, "endpoint" | "ticket">,
  bytes: Buffer,
  options: Partial<ConstructorParameters<typeof Upload>[1]> = {},
): Promise<DetailedError | Error | null> {
  return new Promise((resolve) => {
    const upload = new Upload(bytes, {
      endpoint: new URL(endpoint, app.url).href,
      headers: { Authorization: `Bearer ${ticket}` },
      retryDelays: null,
      storeFingerprintForResuming: false,
      onSuccess: () => resolve(null),
      onError: (error) => resolve(error),
      ...options,
    });
    upload.start();
  });
}

/** Brings a whole file. @returns its id, once it is READY */
export async function ready(
  app: Pick<App, "url">,
  person: Person,
  kind: Kind,
  bytes: Buffer,
  name = "a file",
): Promise<string> {
  const ticket = await ticketFor(person, kind, bytes.length, name);
  const error = await bring(app, ticket, bytes);
  if (error !== null) throw error;
  const now = await uploadNow(person, ticket.upload.id);
  if (now?.state !== "READY") throw new Error(JSON.stringify(now));
  return ticket.upload.id;
}

/** The status of the server's last answer; null where there was none. */
export function statusOf(error: DetailedError | Error | null): number | null {
  return error !== null && "originalResponse" in error ? (error.originalResponse?.getStatus() ?? null) : null;
}

export function hashOf(bytes: Buffer | ArrayBuffer): string {
  return createHash("sha256")
    .update(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes))
    .digest("hex");
}

/** Names of all files of media. */
export function filesOf({ dataFolder }: Pick<App, "dataFolder">): string[] {
  const folder = join(dataFolder, "media");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}
