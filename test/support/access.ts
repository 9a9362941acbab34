/** What the schema says of who may see what, read from the schema as it is executed; and documents made from it. */
import {
  type GraphQLArgument,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
} from "graphql";
import { ACCESS, type Access } from "../../src/graphql/access.ts";
import { schema } from "../../src/graphql/schema.ts";

export interface Ruled {
  /** `Type.field`, `Type.field(argument)` or `Input.field`. */
  readonly name: string;
  readonly rule: Access | null;
}

type WithOptions = Pick<GraphQLObjectType | GraphQLArgument | GraphQLInputField, "extensions">;

function statedBy({ extensions }: WithOptions): Access | null {
  const access = (extensions.pothosOptions as { access?: unknown } | undefined)?.access;
  return typeof access === "string" && access in ACCESS ? (access as Access) : null;
}

function ruleOf(type: GraphQLObjectType, field: GraphQLField<unknown, unknown>): Access | null {
  return statedBy(field as unknown as WithOptions) ?? statedBy(type);
}

const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type));
export const objectTypes = types.filter(isObjectType);

export const fields: readonly Ruled[] = objectTypes.flatMap((type) =>
  Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, rule: ruleOf(type, field) })),
);

/** The rules as they are written down: each type's, and those of the fields that differ from it. */
export function statedRules(): readonly Ruled[] {
  return objectTypes.flatMap((type) => {
    const rule = statedBy(type);
    const differing = fieldsOf(type.name).filter((field) => field.rule !== rule);
    return rule === null ? differing : [{ name: type.name, rule }, ...differing];
  });
}

/** Arguments and input fields, with the rule that they state themselves. */
export const inputs: readonly (Ruled & { readonly description: string })[] = [
  ...objectTypes.flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) =>
      field.args.map((argument) => ({ name: `${type.name}.${field.name}(${argument.name})`, argument })),
    ),
  ),
  ...types
    .filter(isInputObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((argument) => ({ name: `${type.name}.${argument.name}`, argument })),
    ),
].map(({ name, argument }) => ({ name, rule: statedBy(argument), description: argument.description ?? "" }));

export function fieldsOf(type: string): readonly Ruled[] {
  return fields.filter(({ name }) => name.startsWith(`${type}.`));
}

/** A field of a type, with what it needs to be asked for: the newest of a list, and all below it to this depth. */
function selectField(field: GraphQLField<unknown, unknown>, depth: number): string | null {
  const args = field.args.some(({ name }) => name === "last") ? "(last: 20)" : "";
  const type = getNamedType(field.type);
  if (!isCompositeType(type)) return `${field.name}${args}`;
  return depth === 0 ? null : `${field.name}${args} { ...${fragmentName(type, depth - 1)} }`;
}

function fragmentName(type: GraphQLCompositeType, depth: number): string {
  return `${type.name}${depth}`;
}

function fragment(type: GraphQLCompositeType, depth: number): string {
  const own = isAbstractType(type)
    ? schema.getPossibleTypes(type).map((member) => `... on ${member.name} { ...${fragmentName(member, depth)} }`)
    : Object.values("getFields" in type ? type.getFields() : {}).map((field) => selectField(field, depth));
  const selections = ["__typename", ...own.filter((selection) => selection !== null)];
  return `fragment ${fragmentName(type, depth)} on ${type.name} { ${selections.join(" ")} }`;
}

/** Completes a document that uses fragments such as `Message2`: all of a type, as deep as the number says. */
export function withFragments(document: string): string {
  let text = document;
  const made = new Set<string>();
  for (;;) {
    const wanted = [...text.matchAll(/\.\.\.(\w+?)(\d)\b/g)].find(([use]) => !made.has(use));
    if (wanted === undefined) return text;
    const [use, name = "", depth] = wanted;
    made.add(use);
    const type = schema.getType(name);
    if (!isCompositeType(type)) throw new Error(`there is no type ${name}`);
    text += `\n${fragment(type, Number(depth))}`;
  }
}

/** A document asking for one field of the object that a root field gives, under the name `probe`. */
export function probe(way: string, field: string): string {
  const [typeName = "", name = ""] = field.split(".");
  const type = schema.getType(typeName);
  const selected = isObjectType(type) ? selectField(type.getFields()[name] as GraphQLField<unknown, unknown>, 1) : null;
  return withFragments(way.replace("%", `probe: ${selected}`));
}
