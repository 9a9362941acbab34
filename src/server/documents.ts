/** GraphQL documents: parsed, measured and validated once for each text, whichever transport brings it. */
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Lexer,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  ValuesOfCorrectTypeRule,
  validate,
} from "graphql";
import { LRUCache } from "lru-cache";
import { checkShape } from "./complexity.ts";
import { UnconditionalSubscriptionRule } from "./subscription-rule.ts";

/** What all cached documents may take together, as `sizeOf` guesses it. */
const CACHE_BYTES = 32 * 1024 * 1024;
/** Of a parsed document, measured: nodes, and the chain of tokens that they point to. */
const BYTES_PER_TOKEN = 500;

export interface Documents {
  /** The document with this text, if it has been found valid and is still at hand. */
  known(text: string): DocumentNode | null;
  /** @throws GraphQLError with a code, for what cannot be parsed or is too large */
  parse(text: string): DocumentNode;
  validate(document: DocumentNode): readonly GraphQLError[];
}

/** The `http` extension makes the HTTP status what GraphQL over HTTP asks for; it never leaves the server. */
function requestError(error: GraphQLError, code: string): GraphQLError {
  return new GraphQLError(error.message, {
    nodes: error.nodes ?? null,
    source: error.source ?? null,
    positions: error.positions ?? null,
    extensions: { code, http: { spec: true, status: 400 } },
  });
}

function countTokens(text: string, most: number): number {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  for (; lexer.advance().kind !== TokenKind.EOF; count += 1) {
    if (count < most) continue;
    const error = new GraphQLError(`The document has more than ${most} tokens; split it.`);
    throw requestError(error, "QUERY_TOO_COMPLEX");
  }
  return count;
}

interface Parsed {
  readonly document: DocumentNode;
  readonly tokens: number;
}

/** Anybody may send documents, each once and as long as is allowed, so memory is what counts. */
function sizeOf({ tokens }: Parsed, text: string): number {
  return 2 * text.length + BYTES_PER_TOKEN * (tokens + 1);
}

function parseText(text: string, mostTokens: number): Parsed {
  try {
    const tokens = countTokens(text, mostTokens);
    const document = parse(text);
    checkShape(document);
    return { document, tokens };
  } catch (error) {
    // The parser calls itself for each level of a nested literal.
    if (error instanceof RangeError)
      throw requestError(new GraphQLError("It is nested too deep."), "QUERY_TOO_COMPLEX");
    if (!(error instanceof GraphQLError)) throw error;
    if (typeof error.extensions.code === "string") throw requestError(error, error.extensions.code);
    throw requestError(error, "GRAPHQL_PARSE_FAILED");
  }
}

/** These trust that a subscription has no conditions. */
const structuralRules = specifiedRules.filter((rule) => rule !== ValuesOfCorrectTypeRule);

/** @param mostTokens that one document may have */
export function createDocuments(schema: GraphQLSchema, mostTokens: number): Documents {
  const cached = new LRUCache<string, Parsed>({ maxSize: CACHE_BYTES, sizeCalculation: sizeOf });
  /** Errors are not kept: twenty of them, with their stacks, are larger than what they are about. */
  const valid = new WeakSet<DocumentNode>();

  function findErrors(document: DocumentNode): readonly GraphQLError[] {
    for (const rules of [[UnconditionalSubscriptionRule], structuralRules]) {
      const errors = validate(schema, document, rules, { maxErrors: 20 });
      if (errors.length > 0) return errors.map((error) => requestError(error, "GRAPHQL_VALIDATION_FAILED"));
    }
    const values = validate(schema, document, [ValuesOfCorrectTypeRule], { maxErrors: 20 });
    return values.map((error) => requestError(error, "BAD_USER_INPUT"));
  }

  return {
    known(text) {
      const document = cached.get(text)?.document;
      return document !== undefined && valid.has(document) ? document : null;
    },
    parse(text) {
      const known = cached.get(text);
      if (known !== undefined) return known.document;
      const parsed = parseText(text, mostTokens);
      cached.set(text, parsed);
      return parsed.document;
    },
    validate(document) {
      if (valid.has(document)) return [];
      const errors = findErrors(document);
      if (errors.length === 0) valid.add(document);
      return errors;
    },
  };
}
