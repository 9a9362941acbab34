/**
 * Writes src/client/generated.ts from schema.graphql and the documents of the client SDK: the types of every operation,
 * and its text. With `--check` it writes nothing and fails where the file is out of date.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescriptOperations from "@graphql-codegen/typescript-operations";
import { buildASTSchema, Kind, parse, print, specifiedRules, stripIgnoredCharacters, validate } from "graphql";

const folder = new URL("../../src/client/documents/", import.meta.url);
const target = new URL("../../src/client/generated.ts", import.meta.url);
const schema = parse(readFileSync(new URL("../../schema.graphql", import.meta.url), "utf8"));

const documents = readdirSync(folder)
  .sort()
  .map((location) => ({ location, document: parse(readFileSync(new URL(location, folder), "utf8")) }));
const definitions = documents.flatMap(({ document }) => document.definitions);
const errors = validate(buildASTSchema(schema), { kind: Kind.DOCUMENT, definitions }, specifiedRules);
if (errors.length > 0) throw new Error(errors.map(String).join("\n"));

const types = await codegen({
  filename: "generated.ts",
  schema,
  documents,
  pluginMap: { typescriptOperations },
  plugins: [{ typescriptOperations: {} }],
  config: {
    immutableTypes: true,
    skipTypename: true,
    inlineFragmentTypes: "combine",
    scalars: { ID: "string", DateTime: "string" },
  },
});

const fragments = new Map(
  definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]),
);

/** The fragments that a definition spreads, and those that these spread. */
function fragmentsOf(definition, found = new Set()) {
  for (const [, name] of print(definition).matchAll(/\.\.\.(\w+)/g)) {
    if (!fragments.has(name) || found.has(name)) continue;
    found.add(name);
    fragmentsOf(fragments.get(name), found);
  }
  return found;
}

const minified = (definition) => JSON.stringify(stripIgnoredCharacters(print(definition)));
const textOfFragments = [...fragments].map(([name, node]) => `const ${name}Text = ${minified(node)};`);
const operations = definitions
  .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  .map((node) => {
    const name = node.name.value;
    const kind = node.operation.charAt(0).toUpperCase() + node.operation.slice(1);
    const spread = Array.from(fragmentsOf(node), (fragment) => `${fragment}Text`).sort();
    const parts = [minified(node), ...spread];
    return `export const ${name} = operation<${name}${kind}, ${name}${kind}Variables>(${parts.join(" + ")});`;
  });

const text = `// Written by npm run codegen from schema.graphql and documents/. Do not edit.
import { operation } from "./operation.ts";

${types.trim()}

${textOfFragments.join("\n")}

${operations.join("\n")}
`;

if (!process.argv.includes("--check")) writeFileSync(target, text);
else if (readFileSync(target, "utf8") !== text) {
  console.error("src/client/generated.ts is out of date: run `npm run codegen`.");
  process.exitCode = 1;
}
