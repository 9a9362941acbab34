/**
 * The short way for what nearly every request is: an operation that has been seen before, posted as JSON. Yoga's
 * pipeline costs several times what running the operation does. Whatever is unseen, unusual or at fault goes through
 * Yoga, which decides how GraphQL over HTTP is spoken; a test holds the two ways to the same answers.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type DocumentNode, type ExecutionResult, GraphQLError, getOperationAST, OperationTypeNode } from "graphql";
import { type FetchAPI, processRegularResult } from "graphql-yoga";
import type { Context } from "../graphql/context.ts";
import type { Gateway } from "./gateway.ts";

export interface PostedOptions {
  readonly gateway: Gateway;
  /** @throws GraphQLError that says which status, for a bearer that cannot be told */
  readonly contextOf: (authorization: string | undefined) => Promise<Context>;
  /** Origins of pages that may read answers; null: none but this server's own. */
  readonly allowedOrigins: readonly string[] | null;
  /** What Yoga makes its responses with. */
  readonly fetchAPI: FetchAPI;
}

type AnswerType = "application/json" | "application/graphql-response+json";

interface Posted {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null;
  readonly operationName?: string | null;
}

const PARAMETERS = new Set(["query", "variables", "operationName", "extensions"]);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPosted(value: unknown): value is Posted {
  if (!isRecord(value) || !Object.keys(value).every((key) => PARAMETERS.has(key))) return false;
  const { query, variables = null, operationName = null, extensions = null } = value;
  return (
    typeof query === "string" &&
    (variables === null || isRecord(variables)) &&
    (operationName === null || typeof operationName === "string") &&
    (extensions === null || isRecord(extensions))
  );
}

function read(body: Buffer): Posted | null {
  try {
    const value: unknown = JSON.parse(body.toString());
    return isPosted(value) ? value : null;
  } catch {
    return null;
  }
}

/** The first of the accepted types that can be given, as Yoga chooses; null where it needs a closer look. */
function answerTypeFor(accept = "*/*"): AnswerType | null {
  for (const type of accept.toLowerCase().split(",")) {
    switch (type.trim()) {
      case "*/*":
      case "application/*":
      case "application/json":
        return "application/json";
      case "application/graphql-response+json":
        return "application/graphql-response+json";
      default:
        if (type.includes(";")) return null;
    }
  }
  return null;
}

/** The document and its operation, if it has been parsed and found valid before and is no subscription. */
function knownDocument({ documents }: Gateway, { query, operationName }: Posted): DocumentNode | null {
  const document = documents.known(query);
  const operation = document === null ? null : getOperationAST(document, operationName);
  return operation == null || operation.operation === OperationTypeNode.SUBSCRIPTION ? null : document;
}

/** @returns whether it takes the request: false leaves everything to Yoga, with the body in `request.body` */
export type AnswerPosted = (request: IncomingMessage, response: ServerResponse, body: Buffer) => Promise<boolean>;

export function createPostedOperations({ gateway, contextOf, allowedOrigins, fetchAPI }: PostedOptions): AnswerPosted {
  async function run(document: DocumentNode, { variables, operationName }: Posted, authorization: string | undefined) {
    try {
      return await gateway.execute({
        schema: gateway.schema,
        document,
        contextValue: await contextOf(authorization),
        variableValues: variables ?? null,
        operationName: operationName ?? null,
      });
    } catch (error) {
      if (error instanceof GraphQLError) return { errors: [error] };
      throw error;
    }
  }

  async function write(response: ServerResponse, result: ExecutionResult, type: AnswerType): Promise<void> {
    if (result.errors !== undefined) {
      const answer = processRegularResult(result, fetchAPI, type);
      const text = await answer.text();
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(text);
      return;
    }
    const text = JSON.stringify(result);
    response
      .writeHead(200, { "Content-Type": `${type}; charset=utf-8`, "Content-Length": Buffer.byteLength(text) })
      .end(text);
  }

  return async (request, response, body) => {
    const { accept, authorization, origin } = request.headers;
    // Pages of other origins are told more in their headers.
    if (origin !== undefined && allowedOrigins !== null) return false;
    const type = answerTypeFor(accept);
    const posted = type === null ? null : read(body);
    const document = posted === null ? null : knownDocument(gateway, posted);
    if (type === null || posted === null || document === null) return false;
    await write(response, await run(document, posted, authorization), type);
    return true;
  };
}
