/**
 * What an operation asks of the objects of each type: which fields, by which resolvers, and what becomes of their
 * values. It depends on no object, so it is found once, when the first object of its type comes by, and kept.
 */
import {
  defaultFieldResolver,
  type FieldNode,
  type FragmentSpreadNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLFieldResolver,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  type InlineFragmentNode,
  isAbstractType,
  Kind,
  type NamedTypeNode,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
} from "graphql";
import type { Operation } from "../operations.ts";
import { createShapes, type Shape } from "./shapes.ts";

/** A field of the objects of one type, as an operation asks for it. */
export interface Field {
  /** What it is called in the result. */
  readonly key: string;
  readonly node: FieldNode;
  /** All places in the document that ask for it, `node` first. */
  readonly nodes: readonly FieldNode[];
  readonly parentType: GraphQLObjectType;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly resolve: GraphQLFieldResolver<unknown, unknown>;
  readonly shape: Shape;
  /** What it asks of the objects that it gives, by their type; null until there is one. */
  below: Map<GraphQLObjectType, readonly Field[]> | null;
}

type Variables = Readonly<Record<string, unknown>>;

/** What all plans may hold together; then they are forgotten, and made anew where they are used. */
const MOST_FIELDS = 50_000;

export interface Plans {
  /** What an operation asks of its root type. */
  ofRoot(operation: Operation, variables: Variables): readonly Field[];
  /** What it asks of an object of this type that a field gives. */
  ofObject(operation: Operation, variables: Variables, field: Field, type: GraphQLObjectType): readonly Field[];
}

function isIncluded(node: FieldNode | InlineFragmentNode | FragmentSpreadNode, variables: Variables): boolean {
  if (node.directives === undefined || node.directives.length === 0) return true;
  if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
}

/** Makes plans by the rules of GraphQL; they hold for all variables but those of an operation's conditions. */
export function createPlans(schema: GraphQLSchema, mostFields = MOST_FIELDS): Plans {
  const shapeOf = createShapes(schema);
  let kept = new WeakMap<OperationDefinitionNode, readonly Field[]>();
  let keptFields = 0;

  function definitionOf(type: GraphQLObjectType, name: string): GraphQLField<unknown, unknown> | undefined {
    if (name === TypeNameMetaFieldDef.name) return TypeNameMetaFieldDef;
    if (type === schema.getQueryType()) {
      if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
      if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    }
    return type.getFields()[name];
  }

  function isOn(condition: NamedTypeNode | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition.name.value === type.name) return true;
    const conditionType = schema.getType(condition.name.value);
    return isAbstractType(conditionType) && schema.isSubType(conditionType, type);
  }

  /** The nodes of each field in the order in which they are met. */
  function collect(
    { fragments }: Operation,
    variables: Variables,
    type: GraphQLObjectType,
    sets: readonly (SelectionSetNode | undefined)[],
  ): ReadonlyMap<string, [FieldNode, ...FieldNode[]]> {
    const found = new Map<string, [FieldNode, ...FieldNode[]]>();
    const visited = new Set<string>();

    function look(set: SelectionSetNode | undefined): void {
      for (const selection of set?.selections ?? []) {
        if (selection.kind === Kind.FRAGMENT_SPREAD && visited.has(selection.name.value)) continue;
        if (!isIncluded(selection, variables)) continue;
        if (selection.kind === Kind.FIELD) {
          const key = selection.alias?.value ?? selection.name.value;
          const nodes = found.get(key);
          if (nodes === undefined) found.set(key, [selection]);
          else nodes.push(selection);
        } else if (selection.kind === Kind.INLINE_FRAGMENT) {
          if (isOn(selection.typeCondition, type)) look(selection.selectionSet);
        } else {
          const fragment = fragments[selection.name.value];
          visited.add(selection.name.value);
          if (isOn(fragment?.typeCondition, type)) look(fragment?.selectionSet);
        }
      }
    }

    for (const set of sets) look(set);
    return found;
  }

  function plan(
    operation: Operation,
    variables: Variables,
    parentType: GraphQLObjectType,
    sets: readonly (SelectionSetNode | undefined)[],
  ): readonly Field[] {
    const fields: Field[] = [];
    for (const [key, nodes] of collect(operation, variables, parentType, sets)) {
      const [node] = nodes;
      const definition = definitionOf(parentType, node.name.value);
      if (definition === undefined) continue;
      const { resolve = defaultFieldResolver } = definition;
      const shape = shapeOf(definition.type);
      fields.push({ key, node, nodes, parentType, definition, resolve, shape, below: null });
    }
    if (!operation.conditional) keptFields += fields.length;
    if (keptFields > mostFields) {
      kept = new WeakMap();
      keptFields = 0;
    }
    return fields;
  }

  return {
    ofRoot(operation, variables) {
      const { definition, conditional } = operation;
      const known = kept.get(definition);
      if (known !== undefined) return known;
      const type = schema.getRootType(definition.operation);
      if (type == null) throw new GraphQLError(`There is no ${definition.operation} in the schema.`);
      const fields = plan(operation, variables, type, [definition.selectionSet]);
      if (!conditional) kept.set(definition, fields);
      return fields;
    },

    ofObject(operation, variables, field, type) {
      const known = field.below?.get(type);
      if (known !== undefined) return known;
      const sets = field.nodes.map((node) => node.selectionSet);
      const fields = plan(operation, variables, type, sets);
      field.below = (field.below ?? new Map()).set(type, fields);
      return fields;
    },
  };
}
