/** docs/reference.md, made from the descriptions in the schema. */
import {
  type GraphQLArgument,
  type GraphQLEnumType,
  type GraphQLField,
  type GraphQLInputObjectType,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  isUnionType,
} from "graphql";
import { ERRORS } from "../../src/engine/errors.ts";
import { ACCESS } from "../../src/graphql/access.ts";
import { schema } from "../../src/graphql/schema.ts";
import { fields as ruled } from "./access.ts";

interface Described {
  readonly description?: string | null | undefined;
}

function words({ description }: Described): string {
  return (description ?? "").replaceAll("|", "\\|").replaceAll("\n", " ");
}

function anchor(name: string): string {
  return `#${name.toLowerCase().replaceAll(" ", "-")}`;
}

/** A type as GraphQL writes it, with a link where there is something to read about it. */
function linked(type: GraphQLType): string {
  const named = getNamedType(type);
  const text = `\`${String(type)}\``;
  return isSpecifiedScalarType(named) ? text : `[${text}](${anchor(named.name)})`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return ["", line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)];
}

function defaultOf(value: unknown): string {
  return value === undefined ? "" : ` = ${JSON.stringify(value)}`;
}

function inputRow(
  name: string,
  { type, defaultValue, ...rest }: Pick<GraphQLArgument, "type" | "defaultValue"> & Described,
) {
  return [`\`${name}\``, `${linked(type)}${defaultOf(defaultValue)}`, words(rest)];
}

function inputTable(type: GraphQLInputObjectType, prefix = ""): string[] {
  const rows = Object.values(type.getFields()).map((field) => inputRow(`${prefix}${field.name}`, field));
  return table([prefix === "" ? "field" : "argument", "type", ""], rows);
}

type Field = GraphQLField<unknown, unknown>;

const PAGE = ["first", "after", "last", "before"];

/** Arguments; those of pages in one row, and a single `input` is opened, since nobody can do without its fields. */
function argumentTable({ args }: Field): string[] {
  const [only] = args;
  const input = args.length === 1 && only?.name === "input" ? getNamedType(only.type) : null;
  if (isInputObjectType(input)) return inputTable(input, "input.");
  const own = args.filter(({ name }) => !PAGE.includes(name)).map((argument) => inputRow(argument.name, argument));
  const first = args.find(({ name }) => name === "first");
  const page =
    first === undefined ? [] : [[PAGE.map((name) => `\`${name}\``).join(", "), "[page](#pages)", words(first)]];
  return table(["argument", "type", ""], [...own, ...page]);
}

function operation(root: GraphQLObjectType, kind: string, field: Field): string[] {
  const rule = ruled.find(({ name }) => name === `${root.name}.${field.name}`)?.rule;
  const signature = field.args.map(({ name, type }) => `${name}: ${String(type)}`).join(", ");
  return [
    `### ${kind} ${field.name}`,
    "",
    "```graphql",
    `${field.name}${signature === "" ? "" : `(${signature})`}: ${String(field.type)}`,
    "```",
    "",
    words(field),
    ...argumentTable(field),
    "",
    `Gives ${linked(field.type)}. Who: ${rule == null ? "" : ACCESS[rule]}`,
    "",
  ];
}

function operations(title: string, kind: string, root: GraphQLObjectType | null | undefined): string[] {
  if (root == null) return [];
  const fields = Object.values(root.getFields());
  const overview = fields.map((field) => [`[\`${field.name}\`](${anchor(`${kind} ${field.name}`)})`, words(field)]);
  return [
    `## ${title}`,
    "",
    words(root),
    ...table([kind, ""], overview),
    "",
    ...fields.flatMap((field) => operation(root, kind, field)),
  ];
}

function fieldRow(field: Field): string[] {
  const takes = field.args.map(({ name }) => name).join(", ");
  return [`\`${field.name}${takes === "" ? "" : `(${takes})`}\``, linked(field.type), words(field)];
}

function composite(type: GraphQLObjectType | GraphQLInterfaceType): string[] {
  const parents = type.getInterfaces().map(linked);
  const members = isInterfaceType(type) ? schema.getPossibleTypes(type).map(linked) : [];
  return [
    words(type),
    ...(parents.length > 0 ? ["", `Implements ${parents.join(", ")}.`] : []),
    ...(members.length > 0 ? ["", `Implemented by ${members.join(", ")}.`] : []),
    ...table(["field", "type", ""], Object.values(type.getFields()).map(fieldRow)),
  ];
}

function enumeration(type: GraphQLEnumType): string[] {
  const rows = type.getValues().map((value) => [`\`${value.name}\``, words(value)]);
  return [words(type), ...table(["value", ""], rows)];
}

function described(type: GraphQLNamedType): string[] {
  if (isEnumType(type)) return enumeration(type);
  if (isObjectType(type) || isInterfaceType(type)) return composite(type);
  if (isUnionType(type)) return [words(type), "", `One of ${type.getTypes().map(linked).join(", ")}.`];
  if (isInputObjectType(type)) {
    return [words(type), ...(type.isOneOf ? ["", "Exactly one of:"] : []), ...inputTable(type)];
  }
  return [words(type)];
}

const types = Object.values(schema.getTypeMap())
  .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];

function section(title: string, belongs: (type: GraphQLNamedType) => boolean, head: readonly string[] = []): string[] {
  const inside = types.filter((type) => belongs(type) && !roots.some((root) => root === type));
  return [`## ${title}`, "", ...head, ...inside.flatMap((type) => [`### ${type.name}`, "", ...described(type), ""])];
}

function errors(): string[] {
  const rows = Object.entries(ERRORS).map(([code, { tier, meaning }]) => [`\`${code}\``, tier, meaning]);
  return [
    "## Errors",
    "",
    "*data*: in the `code` of a type that implements [`Error`](#error), in the mutations that give a union; in",
    "`extensions.code` of a GraphQL error from all others. *request*: always in `extensions.code`.",
    "[errors.md](errors.md) says more.",
    ...table(["code", "where", "meaning"], rows),
    "",
  ];
}

const isPart = ({ name }: GraphQLNamedType) =>
  name.endsWith("Connection") || name.endsWith("Edge") || name === "PageInfo";
const isResult = ({ name }: GraphQLNamedType) => name.endsWith("Payload") || name.endsWith("Success");

const PAGES = [
  "A list is asked for with `first` and `after`, or with `last` and `before`: `first: 20` is its first 20,",
  "`after: endCursor` what follows them; `last: 20` its last 20, `before: startCursor` what lies ahead of them. A page has 0",
  "to 100.",
  "",
];

export function reference(): string {
  return [
    "# Reference",
    "",
    "Made from the descriptions in [schema.graphql](../schema.graphql) by `npm run reference`. How the parts work together is",
    "in [api.md](api.md), how to use them from a client in [clients.md](clients.md), and who may see each field in",
    "[access.md](access.md). `!` means: never null, or required.",
    "",
    "[Queries](#queries) · [Mutations](#mutations) · [Subscriptions](#subscriptions) · [Objects](#objects) ·",
    "[Interfaces and unions](#interfaces-and-unions) · [Results](#results) · [Pages](#pages) · [Enums](#enums) ·",
    "[Inputs](#inputs) · [Scalars](#scalars) · [Errors](#errors)",
    "",
    ...operations("Queries", "query", schema.getQueryType()),
    ...operations("Mutations", "mutation", schema.getMutationType()),
    ...operations("Subscriptions", "subscription", schema.getSubscriptionType()),
    ...section("Objects", (type) => isObjectType(type) && !isPart(type) && !isResult(type)),
    ...section("Interfaces and unions", (type) => isInterfaceType(type) || isUnionType(type)),
    ...section("Results", isResult),
    ...section("Pages", isPart, PAGES),
    ...section("Enums", isEnumType),
    ...section("Inputs", isInputObjectType),
    ...section("Scalars", isScalarType),
    ...errors(),
  ].join("\n");
}
