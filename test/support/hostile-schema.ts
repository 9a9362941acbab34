/** Generators that follow the schema: documents that fit it, and values for its input types that do and do not. */
import fc from "fast-check";
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from "graphql";
import { schema } from "../../src/graphql/schema.ts";
import { oddJson, oddNumber, oddText } from "./hostile.ts";

/** Values that go far in: they name what is there. Ids are those that a siege begins with. */
const PLAUSIBLE: Readonly<Record<string, readonly unknown[]>> = {
  to: ["carol", "alice", "mallory"],
  peer: ["carol", "alice", "mallory"],
  user: ["carol", "alice", "bob"],
  friend: ["carol", "alice", "bob"],
  of: ["mallory", "alice"],
  sendAs: ["mallory", "alice"],
  replyTo: ["m:1:1", "m:2:1", "m:3:1", "m:4:1"],
  id: ["m:1:1", "m:2:1", "m:3:1", "m:4:1", "c:1:mallory", "carol"],
  ids: ["m:1:1", "m:2:1", "m:3:1"],
  url: ["https://example.org/a.png", "http://example.org/b"],
  avatarUrl: ["https://example.org/a.png"],
  format: ["png", "mp4"],
  mimeType: ["image/png", "application/pdf"],
  deviceId: ["phone", "mallory-laptop", "default"],
  clientMessageId: ["key-1", "key-2"],
  first: [1, 10, 100],
  last: [1, 10, 100],
  upload: [null],
};
const ORDINARY: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  String: fc.constantFrom("some text", "other text"),
  ID: fc.constantFrom("carol", "m:1:1"),
  Int: fc.integer({ min: 0, max: 1_000 }),
  Float: fc.double({ min: -80, max: 80, noNaN: true }),
  Boolean: fc.boolean(),
};
const ODD: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  String: oddText,
  ID: fc.oneof(oddText, fc.integer()),
  Int: oddNumber,
  Float: oddNumber,
};

function leaf(name: string, type: GraphQLNamedType): fc.Arbitrary<unknown> {
  const plausible = PLAUSIBLE[name];
  const ordinary = isEnumType(type)
    ? fc.constantFrom(...type.getValues().map((value) => value.name))
    : (ORDINARY[type.name] ?? oddText);
  return fc.oneof(
    { weight: 6, arbitrary: plausible === undefined ? ordinary : fc.constantFrom(...plausible) },
    { weight: 3, arbitrary: ODD[type.name] ?? oddText },
    { weight: 1, arbitrary: oddJson },
  );
}

/** JSON for an input type: mostly of its shape, with odd leaves; now and then of another one. */
export function jsonFor(type: GraphQLInputType, name: string, depth = 0): fc.Arbitrary<unknown> {
  if (isNonNullType(type)) {
    const inner = jsonFor(type.ofType as GraphQLInputType, name, depth);
    return fc.oneof({ weight: 30, arbitrary: inner }, { weight: 1, arbitrary: fc.constant(null) });
  }
  if (isListType(type)) {
    const inner = jsonFor(type.ofType as GraphQLInputType, name, depth + 1);
    return fc.oneof({ weight: 8, arbitrary: fc.array(inner, { maxLength: 4 }) }, { weight: 1, arbitrary: oddJson });
  }
  if (!isInputObjectType(type)) return leaf(name, type);
  const fields = Object.values(type.getFields()).map((field) => [
    field.name,
    jsonFor(field.type, field.name, depth + 1),
  ]);
  const required = Object.values(type.getFields())
    .filter((field) => isNonNullType(field.type))
    .map((field) => field.name);
  const shape = Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>;
  const one = fc.oneof(...fields.map(([key, value]) => fc.record({ [String(key)]: value as fc.Arbitrary<unknown> })));
  return fc.oneof(
    { weight: 12, arbitrary: type.isOneOf ? one : fc.record(shape, { requiredKeys: required }) },
    { weight: 1, arbitrary: fc.record(shape, { requiredKeys: [] }) },
    { weight: 1, arbitrary: oddJson },
    { weight: 1, arbitrary: fc.tuple(fc.record(shape, { requiredKeys: required }), oddText, oddJson).map(withExtra) },
  );
}

function withExtra([value, key, extra]: [object, string, unknown]): object {
  return Object.assign(JSON.parse("{}"), value, { [key]: extra });
}

/** A value written as GraphQL writes it. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(" ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).filter(([key]) => /^[_a-zA-Z]\w*$/.test(key));
  return `{ ${fields.map(([key, inner]) => `${key}: ${literal(inner)}`).join(" ")} }`;
}

/** Enum values have no quotes in a document; now and then they get some. */
function literalOf(value: unknown, type: GraphQLNamedType): string {
  return isEnumType(type) && typeof value === "string" && /^\w+$/.test(value) ? value : literal(value);
}

function argumentsOf(args: readonly GraphQLArgument[]): fc.Arbitrary<string> {
  if (args.length === 0) return fc.constant("");
  const given = args.map((arg) => {
    const value = jsonFor(arg.type, arg.name).map(
      (found) => `${arg.name}: ${literalOf(found, getNamedType(arg.type))}`,
    );
    return isNonNullType(arg.type) ? value : fc.option(value, { nil: "", freq: 3 });
  });
  return fc.tuple(...given).map((texts) => {
    const said = texts.filter((text) => text !== "");
    return said.length === 0 ? "" : `(${said.join(", ")})`;
  });
}

const decoration = fc.oneof(
  { weight: 60, arbitrary: fc.constant("") },
  { weight: 4, arbitrary: fc.constantFrom(" @include(if: true)", " @skip(if: true)", " @skip(if: $no)") },
  { weight: 1, arbitrary: fc.constantFrom(" @unknown", " @include", " @skip(if: 1)") },
);
const alias = fc.oneof(
  { weight: 20, arbitrary: fc.constant("") },
  { weight: 1, arbitrary: fc.constantFrom("a: ", "__typename: ") },
);

function fieldOf(field: GraphQLField<unknown, unknown>, depth: number): fc.Arbitrary<string> {
  const inner = selectionOf(getNamedType(field.type), depth + 1);
  return fc
    .tuple(alias, argumentsOf(field.args), decoration, inner)
    .map(([as, args, condition, selection]) => `${as}${field.name}${args}${condition}${selection}`);
}

const DEEPEST = 5;

/** What is asked of a type, braces included; nothing for a leaf. */
function selectionOf(type: GraphQLNamedType, depth: number): fc.Arbitrary<string> {
  if (isUnionType(type) || (isInterfaceType(type) && depth < DEEPEST)) {
    const members = schema.getPossibleTypes(type).map((member) => {
      const selection = depth < DEEPEST ? selectionOf(member, depth + 1) : fc.constant(" { __typename }");
      return selection.map((text) => `... on ${member.name}${text}`);
    });
    return fc
      .tuple(...members.map((member) => fc.option(member, { nil: "", freq: 2 })))
      .map((parts) => ` { __typename ${parts.join(" ")} }`);
  }
  if (isInterfaceType(type)) return fc.constant(" { __typename }");
  if (!isObjectType(type)) return fc.constant("");
  const fields = Object.values(type.getFields()).filter(
    (field) => depth < DEEPEST || !isObjectType(getNamedType(field.type)),
  );
  const plain = fields.filter((field) => !isUnionType(getNamedType(field.type)) || depth < DEEPEST);
  if (plain.length === 0) return fc.constant(" { __typename }");
  return fc.nat({ max: 1_000 }).chain((start) => {
    const chosen = Array.from({ length: 1 + (start % 4) }, (_, index) => plain[(start + index * 7) % plain.length]);
    const texts = chosen.flatMap((field) => (field === undefined ? [] : [fieldOf(field, depth)]));
    return fc.tuple(...texts).map((parts) => ` { ${parts.join(" ")} }`);
  });
}

function rootOf(operation: "query" | "mutation" | "subscription"): GraphQLObjectType {
  const roots = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  };
  const root = roots[operation];
  if (root == null) throw new Error(`the schema has no ${operation}`);
  return root;
}

/** A document with one operation of this kind that fits the schema, but for what is odd in its arguments. */
export function documentOf(operation: "query" | "mutation" | "subscription"): fc.Arbitrary<string> {
  const fields = Object.values(rootOf(operation).getFields());
  const one = fc.constantFrom(...fields).chain((field) => fieldOf(field, 0));
  const many = operation === "subscription" ? one.map((text) => [text]) : fc.array(one, { minLength: 1, maxLength: 3 });
  return many.map((texts) => {
    const body = texts.join(" ");
    return `${operation} Fuzz${body.includes("$no") ? "($no: Boolean = false)" : ""} { ${body} }`;
  });
}

export interface MutationAsked {
  readonly name: string;
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** Each mutation with an input of its type in the variables. */
export const mutationAsked: fc.Arbitrary<MutationAsked> = fc
  .constantFrom(...Object.values(rootOf("mutation").getFields()))
  .chain((field): fc.Arbitrary<MutationAsked> => {
    const type = getNamedType(field.type);
    const selection = isUnionType(type) ? "{ __typename ... on Error { code } }" : "{ __typename }";
    const [input] = field.args;
    if (input === undefined)
      return fc.constant({ name: field.name, query: `mutation { ${field.name} ${selection} }`, variables: {} });
    const query = `mutation Ask($input: ${String(input.type)}) { ${field.name}(input: $input) ${selection} }`;
    return jsonFor(input.type, "input").map((value) => ({ name: field.name, query, variables: { input: value } }));
  });
