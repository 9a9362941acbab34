import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import {
  buildSchema,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isUnionType,
  lexicographicSortSchema,
  NoUnusedFragmentsRule,
  parse,
  printSchema,
  specifiedRules,
  validate,
  validateSchema,
} from "graphql";
import { expect, test } from "vitest";
import { ACCESS } from "../src/graphql/access.ts";
import { schema } from "../src/graphql/schema.ts";
import { inputs, statedRules } from "./support/access.ts";
import { RELEASES } from "./support/released.ts";

const contract = buildSchema(readFileSync(new URL("contract.graphql", import.meta.url), "utf8"));

/** One line for each thing that a client may rely on: types, fields, arguments, values, members. */
function promisesOf(source: GraphQLSchema): string[] {
  const lines: string[] = [];
  for (const type of Object.values(source.getTypeMap())) {
    if (isIntrospectionType(type)) continue;
    lines.push(`type ${type.name}`);
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const parent of type.getInterfaces()) lines.push(`${type.name} implements ${parent.name}`);
      for (const field of Object.values(type.getFields())) {
        lines.push(`${type.name}.${field.name}: ${String(field.type)}`);
        for (const argument of field.args)
          lines.push(`${type.name}.${field.name}(${argument.name}: ${String(argument.type)})`);
      }
    }
    if (isInputObjectType(type)) {
      if (type.isOneOf) lines.push(`${type.name} @oneOf`);
      for (const field of Object.values(type.getFields())) {
        const initial = field.defaultValue === undefined ? "" : ` = ${JSON.stringify(field.defaultValue)}`;
        lines.push(`${type.name}.${field.name}: ${String(field.type)}${initial}`);
      }
    }
    if (isEnumType(type)) for (const value of type.getValues()) lines.push(`${type.name} = ${value.name}`);
    if (isUnionType(type)) for (const member of type.getTypes()) lines.push(`${type.name} | ${member.name}`);
  }
  return lines;
}

test("schema.graphql is the schema of this code", async () => {
  await expect(`${printSchema(lexicographicSortSchema(schema))}\n`).toMatchFileSnapshot("../schema.graphql");
});

test("docs/access.md says who may see and do what, as the schema says it", async () => {
  const meanings = Object.entries(ACCESS).map(([rule, meaning]) => `| \`${rule}\` | ${meaning} |`);
  const stated = [...statedRules(), ...inputs.filter(({ rule }) => rule !== null)];
  const sections = Object.keys(ACCESS).map((rule) => {
    const names = stated.filter((one) => one.rule === rule).map(({ name }) => `- \`${name}\``);
    return `### ${rule}\n\n${names.sort().join("\n")}\n`;
  });
  const head = `# Who may see and do what

Printed from the schema by \`npm run schema\`; [a test](../test/access.test.ts) tries each rule out as everybody. Without a
token nothing is answered.

| rule | who |
|---|---|
${meanings.join("\n")}

## By rule

A type stands for its fields that are not named elsewhere. Arguments are named where they need more than their field.
`;
  await expect([head, ...sections].join("\n")).toMatchFileSnapshot("../docs/access.md");
});

test("the schema keeps every name and shape of the contract", () => {
  const kept = new Set(promisesOf(schema));
  expect(promisesOf(contract).filter((promise) => !kept.has(promise))).toEqual([]);
});

/** What clients were built for: the contract, and the schema of each release. */
const promised = [
  new URL("contract.graphql", import.meta.url),
  ...readdirSync(RELEASES)
    .filter((name) => name.endsWith(".graphql"))
    .map((name) => new URL(name, RELEASES)),
].map((url): [string, GraphQLSchema] => [basename(url.pathname), buildSchema(readFileSync(url, "utf8"))]);

test.each(promised)("a client of %s finds nothing broken", async (_, before) => {
  const changes = await diff(before, schema);
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  expect(breaking.map(({ message }) => message)).toEqual([]);
});

test("everything is described", () => {
  const silent: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (isIntrospectionType(type) || ["String", "Int", "Float", "Boolean", "ID"].includes(type.name)) continue;
    if (!type.description) silent.push(type.name);
    if (isEnumType(type)) for (const value of type.getValues()) if (!value.description) silent.push(value.name);
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (!field.description) silent.push(`${type.name}.${field.name}`);
      for (const argument of "args" in field ? field.args : []) {
        if (!argument.description) silent.push(`${type.name}.${field.name}(${argument.name})`);
      }
    }
  }
  expect(silent).toEqual([]);
});

/** All fields of a type, and of all that may stand in its place, down to where it would repeat itself. */
function selectAll(type: GraphQLNamedType, above: readonly string[]): string {
  if (above.includes(type.name) || above.length > 5) return "{ __typename }";
  const within = [...above, type.name];
  const parts = ["__typename"];
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      const inner = getNamedType(field.type);
      const hasFields = isObjectType(inner) || isInterfaceType(inner) || isUnionType(inner);
      parts.push(hasFields ? `${field.name} ${selectAll(inner, within)}` : field.name);
    }
  }
  if (isInterfaceType(type) || isUnionType(type)) {
    for (const member of schema.getPossibleTypes(type))
      parts.push(`... on ${member.name} ${selectAll(member, within)}`);
  }
  return `{ ${parts.join(" ")} }`;
}

test("one document can select all fields of all members of every interface and union", () => {
  const { Node, Error: ErrorType, MessageContent, ...unions } = schema.getTypeMap();
  const selections = [Node, ErrorType, MessageContent, ...Object.values(unions).filter(isUnionType)].map((type) =>
    type === undefined ? "" : selectAll(type, []),
  );
  const fragments = [Node, ErrorType, MessageContent, ...Object.values(unions).filter(isUnionType)].map(
    (type, index) => `fragment F${index} on ${type?.name} ${selections[index]}`,
  );
  const uses = `query ($id: ID!) { node(id: $id) { ...F0 ... on Message { content { ...F2 } } } }`;
  const rules = specifiedRules.filter((rule) => rule !== NoUnusedFragmentsRule);
  expect(validate(schema, parse([uses, ...fragments].join("\n")), rules)).toEqual([]);
});

test("connections have the shape that Relay asks for", () => {
  expect(validateSchema(schema)).toEqual([]);
  const connections = Object.values(schema.getTypeMap()).filter((type) => type.name.endsWith("Connection"));
  expect(connections.length).toBeGreaterThanOrEqual(3);
  for (const type of connections) {
    if (!isObjectType(type)) throw new Error(`${type.name} is no object`);
    expect(String(type.getFields().pageInfo?.type)).toBe("PageInfo!");
    const edge = getNamedType(type.getFields().edges?.type);
    if (!isObjectType(edge)) throw new Error(`${type.name} has no edges`);
    expect(Object.keys(edge.getFields())).toEqual(expect.arrayContaining(["cursor", "node"]));
  }
});
