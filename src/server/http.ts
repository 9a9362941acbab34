/** GraphQL over HTTP and SSE (graphql-yoga), behind one front door. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ExecutionArgs } from "graphql";
import { GraphQLError } from "graphql";
import { createYoga, type Plugin } from "graphql-yoga";
import type { Engine } from "../engine/engine.ts";
import type { Context } from "../graphql/context.ts";
import type { Admission } from "./admission.ts";
import { viewerFrom } from "./bearer.ts";
import { hasPlainBody, isJson, readBody } from "./body.ts";
import { createChatPage } from "./chat-page.ts";
import {
  createDevelopmentTokens,
  DEVELOPMENT_TOKEN_PATH,
  type DevelopmentTokensOptions,
} from "./development-tokens.ts";
import type { ServeMedia } from "./downloads.ts";
import { createGraphiql, wantsPage } from "./graphiql.ts";
import type { Limits } from "./limits.ts";
import { MEDIA_PATH } from "./media-keys.ts";
import { pathOf } from "./path.ts";
import { createPostedOperations } from "./posted-operations.ts";
import { isYogasOwn } from "./present-errors.ts";
import { RECORDS_PATH } from "./record-links.ts";
import type { ServeRecords } from "./records.ts";
import { reasonOf, tooManyExtensions } from "./refusals.ts";
import { allowTime, spareSlowTransfers } from "./slow-transfers.ts";
import { type SseOptions, subscribeOverSse } from "./sse.ts";
import { createStatusPage } from "./status-page.ts";
import { isOfUploads, type ServeUploads } from "./uploads.ts";

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface HttpOptions extends SseOptions {
  readonly engine: Engine;
  readonly admission: Admission;
  readonly limits: Pick<Limits, "bodyBytes" | "connections">;
  readonly graphiql: boolean;
  /** Whether browsers get the chat page at `/`. */
  readonly chat: boolean;
  /** Whether browsers get the status page at `/status`. */
  readonly status: boolean;
  /** Gives tokens to the server's own pages; null: nobody gets any. */
  readonly developmentTokens: DevelopmentTokensOptions | null;
  /** Origins of pages that may read answers; null: none but this server's own. */
  readonly allowedOrigins: readonly string[] | null;
  /** Why the server is not ready; null when it is. */
  readonly notReady: () => string | null;
  readonly serveMedia: ServeMedia;
  readonly serveUploads: ServeUploads;
  readonly serveRecords: ServeRecords;
}

/** Puts the gateway in the place of Yoga's own parsing, validation and execution. */
function throughGateway(options: HttpOptions): Plugin {
  const { gateway } = options;
  return {
    onParse: ({ setParseFn }) => setParseFn((source: string) => gateway.documents.parse(source)),
    onValidate: ({ params, setResult }) => setResult([...gateway.documents.validate(params.documentAST)]),
    onExecute: ({ setExecuteFn }) => setExecuteFn((args: ExecutionArgs) => gateway.execute(args)),
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn((args: ExecutionArgs) => subscribeOverSse(args, options)),
  };
}

/** Of requests whose bearer could not be told. */
const STATUS_OF = new Map<unknown, number>([
  ["UNAUTHENTICATED", 401],
  ["UNAVAILABLE", 503],
  ["SHUTTING_DOWN", 503],
]);

async function contextOf(
  authorization: string | null | undefined,
  { engine, gateway, presentError }: HttpOptions,
): Promise<Context> {
  try {
    const viewer = await viewerFrom(engine, authorization);
    return { engine, viewer, connection: null, users: null, refused: gateway.refused };
  } catch (error) {
    const presented = presentError(error);
    gateway.refused(reasonOf(presented));
    const status = STATUS_OF.get(presented.extensions.code) ?? 500;
    throw new GraphQLError(presented.message, { extensions: { ...presented.extensions, http: { status } } });
  }
}

function answer(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", ...headers }).end(`${text}\n`);
}

/** As a GraphQL client reads it, before anything of its request was read. */
function turnAway(response: ServerResponse, retryAfterMs: number): void {
  const { http, ...extensions } = tooManyExtensions(retryAfterMs);
  const message = `This address asks too often; try again in ${retryAfterMs} ms.`;
  response
    .writeHead(http.status, { "Content-Type": "application/json; charset=utf-8", ...http.headers })
    .end(JSON.stringify({ errors: [{ message, extensions }] }));
}

/** Errors as clients get them. Those of operations have been counted; Yoga's own, of what it could not read, are here. */
function maskError(error: unknown, { gateway, presentError }: HttpOptions): GraphQLError {
  const code = error instanceof GraphQLError ? error.extensions.code : null;
  if (code === "REQUEST_ENTITY_TOO_LARGE") gateway.refused("body_too_big");
  else if (isYogasOwn(code)) gateway.refused("BAD_USER_INPUT");
  return presentError(error);
}

/** To origins that are not allowed nothing is said: Yoga would say `null`, which is the origin of any sandboxed frame. */
function corsFor({ headers }: Request, allowedOrigins: readonly string[]) {
  const allowed = allowedOrigins.includes("*") || allowedOrigins.includes(headers.get("origin") ?? "");
  return allowed && { origin: [...allowedOrigins], credentials: false, maxAge: 3_600 };
}

/** Makes the HTTP server; it does not listen yet. */
export function createHttpServer(options: HttpOptions): Server {
  const { admission, allowedOrigins, limits } = options;
  const yoga = createYoga({
    schema: options.gateway.schema,
    graphqlEndpoint: "/graphql",
    context: ({ request }) => contextOf(request.headers.get("authorization"), options),
    plugins: [throughGateway(options)],
    maskedErrors: { maskError: (error) => maskError(error, options) },
    parserAndValidationCache: false,
    maxRequestBodySize: limits.bodyBytes,
    multipart: false,
    batching: false,
    graphiql: false,
    landingPage: false,
    logging: false,
    cors: allowedOrigins === null ? false : (request) => corsFor(request, allowedOrigins),
  });
  const answerPosted = createPostedOperations({
    gateway: options.gateway,
    contextOf: (authorization) => contextOf(authorization, options),
    allowedOrigins,
    fetchAPI: yoga.fetchAPI,
  });
  const serveGraphiql = createGraphiql(options.developmentTokens !== null);
  const pages = [
    ...(options.chat ? [createChatPage(options.developmentTokens !== null)] : []),
    ...(options.status ? [createStatusPage(options.developmentTokens !== null)] : []),
  ];
  const answerWithToken =
    options.developmentTokens === null ? null : createDevelopmentTokens(options.developmentTokens);

  async function operate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "POST" && hasPlainBody(request, limits.bodyBytes)) {
      const body = await readBody(request);
      if (body === null || (await answerPosted(request, response, body))) return;
      // Where Yoga looks for a body that has been read.
      Object.assign(request, { body });
    }
    await yoga(request, response);
  }

  /** The server's own pages. @returns whether this request is for one */
  function servePage(request: IncomingMessage, response: ServerResponse, path: string): boolean {
    let serving: Promise<void>;
    const page = pages.find(({ isOf }) => isOf(request.method, path));
    if (answerWithToken !== null && path === DEVELOPMENT_TOKEN_PATH) {
      if (isTurnedAway(request, response)) return true;
      serving = answerWithToken(request, response);
    } else if (page !== undefined) {
      if (isTurnedAway(request, response)) return true;
      serving = page.serve(request, response, path);
    } else return false;
    serving.catch((error: unknown) => {
      options.presentError(error);
      answer(response, 500, "This could not be served.");
    });
    return true;
  }

  function serveFiles(
    request: IncomingMessage,
    response: ServerResponse,
    serve: ServeMedia | ServeUploads | ServeRecords,
  ): void {
    if (isTurnedAway(request, response)) return;
    allowTime(request, response);
    serve(request, response).catch((error: unknown) => {
      options.presentError(error);
      if (response.headersSent) response.destroy();
      else answer(response, 500, "This could not be served.");
    });
  }

  function isTurnedAway(request: IncomingMessage, response: ServerResponse): boolean {
    const retryAfterMs = admission.request(request);
    if (retryAfterMs !== null) turnAway(response, retryAfterMs);
    return retryAfterMs !== null;
  }

  function route(request: IncomingMessage, response: ServerResponse): void {
    const path = pathOf(request.url);
    switch (path) {
      case "/graphql": {
        if (isTurnedAway(request, response)) return;
        if (options.graphiql && wantsPage(request)) {
          serveGraphiql(request, response).catch((error: unknown) => {
            options.presentError(error);
            answer(response, 500, "GraphiQL could not be served.");
          });
          return;
        }
        if (request.method === "POST" && !isJson(request)) {
          answer(response, 415, 'POST application/json: {"query": …}.', { Accept: "application/json" });
          return;
        }
        // Media types are case-insensitive; Yoga compares them as they are.
        if (request.method === "POST") request.headers["content-type"] = "application/json";
        operate(request, response).catch((error: unknown) => {
          options.presentError(error);
          response.destroy();
        });
        return;
      }
      case "/livez":
        answer(response, 200, "ok");
        return;
      case "/readyz": {
        const reason = options.notReady();
        answer(response, reason === null ? 200 : 503, reason ?? "ok");
        return;
      }
      default:
        if (isOfUploads(path)) serveFiles(request, response, options.serveUploads);
        else if (path.startsWith(`${MEDIA_PATH}/`)) serveFiles(request, response, options.serveMedia);
        else if (path.startsWith(`${RECORDS_PATH}/`)) serveFiles(request, response, options.serveRecords);
        else if (!servePage(request, response, path)) answer(response, 404, "Nothing here. GraphQL is at /graphql.");
    }
  }

  const server = createServer(route);
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  spareSlowTransfers(server);
  server.maxConnections = limits.connections;
  server.on("drop", () => options.gateway.refused("server_connections"));
  return server;
}
