/**
 * Coerces variables to the values of graphql-js, several times cheaper. Whatever it does not take without a doubt is
 * left to graphql-js, so that this has no say in what is refused, nor in what is said of it.
 */
import {
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLSchema,
  getVariableValues,
  isInputObjectType,
  isInputType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  typeFromAST,
  type ValueNode,
  valueFromAST,
} from "graphql";

/** As they came from the client. */
export type RawVariables = Readonly<Record<string, unknown>> | null | undefined;
export type CoercedVariables = ReturnType<typeof getVariableValues>;

/** What becomes of a value for an input type. */
type Input = { readonly nullable: boolean } & (
  | { readonly kind: "leaf"; readonly type: GraphQLLeafType }
  | { readonly kind: "list"; readonly items: Input }
  | { readonly kind: "object"; readonly isOneOf: boolean; readonly fields: Map<string, InputField> }
);

interface InputField {
  readonly input: Input;
  readonly defaultValue: unknown;
}

interface Variable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly input: Input;
  readonly defaultValue: ValueNode | undefined;
}

const DOUBTFUL = Symbol("doubtful");

/** As many errors as graphql-js tells at most, unless it is told otherwise. */
const MOST_ERRORS = 50;

function coerceObject(fields: ReadonlyMap<string, InputField>, isOneOf: boolean, value: object): unknown {
  const coerced: Record<string, unknown> = {};
  let given = 0;
  for (const [name, { input, defaultValue }] of fields) {
    const inner = (value as Record<string, unknown>)[name];
    if (inner === undefined) {
      if (defaultValue === undefined && !input.nullable) return DOUBTFUL;
      if (defaultValue === undefined) continue;
      coerced[name] = defaultValue;
    } else {
      const part = coerceValue(input, inner);
      if (part === DOUBTFUL || (isOneOf && part === null)) return DOUBTFUL;
      coerced[name] = part;
    }
    given += 1;
  }
  for (const name of Object.keys(value)) if (!fields.has(name)) return DOUBTFUL;
  return isOneOf && given !== 1 ? DOUBTFUL : coerced;
}

function coerceValue(input: Input, value: unknown): unknown {
  if (value == null) return input.nullable ? null : DOUBTFUL;
  switch (input.kind) {
    case "leaf":
      try {
        return input.type.parseValue(value) ?? DOUBTFUL;
      } catch {
        return DOUBTFUL;
      }
    case "list": {
      if (!Array.isArray(value)) return DOUBTFUL;
      const items = value.map((item) => coerceValue(input.items, item));
      return items.includes(DOUBTFUL) ? DOUBTFUL : items;
    }
    case "object":
      if (typeof value !== "object" || Array.isArray(value)) return DOUBTFUL;
      return coerceObject(input.fields, input.isOneOf, value);
  }
}

/** Makes what coerces the variables of an operation, or tells graphql-js's errors. */
export function createVariables(
  schema: GraphQLSchema,
): (operation: OperationDefinitionNode, given: RawVariables) => CoercedVariables {
  const inputs = new Map<GraphQLInputType, Input>();
  const known = new WeakMap<OperationDefinitionNode, readonly Variable[] | null>();

  function makeInput(type: GraphQLInputType, nullable: boolean): Input {
    if (isNonNullType(type)) return makeInput(type.ofType, false);
    if (isListType(type)) return { nullable, kind: "list", items: inputOf(type.ofType) };
    if (!isInputObjectType(type)) return { nullable, kind: "leaf", type };
    const fields = new Map<string, InputField>();
    const input: Input = { nullable, kind: "object", isOneOf: type.isOneOf, fields };
    // Before its fields, which may be of its own type.
    if (nullable) inputs.set(type, input);
    for (const { name, type: inner, defaultValue } of Object.values(type.getFields())) {
      fields.set(name, { input: inputOf(inner), defaultValue });
    }
    return input;
  }

  function inputOf(type: GraphQLInputType): Input {
    const input = inputs.get(type) ?? makeInput(type, true);
    inputs.set(type, input);
    return input;
  }

  /** Null for what only graphql-js should look at. */
  function variablesOf({ variableDefinitions = [] }: OperationDefinitionNode): readonly Variable[] | null {
    const variables: Variable[] = [];
    for (const { variable, type: typeNode, defaultValue } of variableDefinitions) {
      const name = variable.name.value;
      const type = typeFromAST(schema, typeNode);
      if (type === undefined || !isInputType(type) || name === "__proto__") return null;
      variables.push({ name, type, input: inputOf(type), defaultValue });
    }
    return variables;
  }

  function coerceAll(variables: readonly Variable[], given: Readonly<Record<string, unknown>>) {
    const coerced: Record<string, unknown> = {};
    for (const { name, type, input, defaultValue } of variables) {
      if (Object.hasOwn(given, name)) {
        const value = coerceValue(input, given[name]);
        if (value === DOUBTFUL) return null;
        coerced[name] = value;
      } else if (defaultValue !== undefined) coerced[name] = valueFromAST(defaultValue, type);
      else if (!input.nullable) return null;
    }
    return coerced;
  }

  return (operation, given) => {
    let variables = known.get(operation);
    if (variables === undefined) {
      variables = variablesOf(operation);
      known.set(operation, variables);
    }
    const coerced = variables === null ? null : coerceAll(variables, given ?? {});
    if (coerced !== null) return { coerced };
    const definitions = operation.variableDefinitions ?? [];
    return getVariableValues(schema, definitions, given ?? {}, { maxErrors: MOST_ERRORS });
  };
}
