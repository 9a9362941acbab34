/** How deep, wide and costly a document may be: one set of limits for all transports. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { DEFAULT_PAGE, LARGEST_PAGE } from "../engine/pages.ts";

export const MOST_DEPTH = 20;
export const MOST_ALIASES = 100;
export const MOST_ROOT_FIELDS = 100;
export const MOST_DIRECTIVES = 50;
/** Fields that an operation may resolve, pages counted by their size. */
export const MOST_COST = 20_000;

function tooComplex(what: string): GraphQLError {
  return new GraphQLError(`${what}; ask for less at once.`, { extensions: { code: "QUERY_TOO_COMPLEX" } });
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

function fragmentsOf(document: DocumentNode): Fragments {
  const found = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) found.set(definition.name.value, definition);
  }
  return found;
}

interface Shape {
  readonly depth: number;
  readonly aliases: number;
  readonly directives: number;
  readonly width: number;
}
const NOTHING: Shape = { depth: 0, aliases: 0, directives: 0, width: 0 };

/** Measures selections, each fragment once; one inside itself counts nothing, since validation refuses it. */
function createMeasure(fragments: Fragments): (selections: SelectionSetNode | undefined, depth: number) => Shape {
  const known = new Map<string, Shape>();

  function measureFragment(name: string): Shape {
    const shape = known.get(name);
    if (shape !== undefined) return shape;
    known.set(name, NOTHING);
    const measured = measure(fragments.get(name)?.selectionSet, 0);
    known.set(name, measured);
    return measured;
  }

  function measureField(field: FieldNode, depth: number): Shape {
    const inner = measure(field.selectionSet, depth + 1);
    return { ...inner, depth: inner.depth + 1, aliases: inner.aliases + (field.alias === undefined ? 0 : 1), width: 1 };
  }

  function measure(selections: SelectionSetNode | undefined, depth: number): Shape {
    if (selections === undefined) return NOTHING;
    // Nothing deeper is looked at, so that measuring cannot run out of stack.
    if (depth > MOST_DEPTH) return { ...NOTHING, depth: 1 };
    let total = NOTHING;
    for (const selection of selections.selections) {
      const part =
        selection.kind === Kind.FIELD
          ? measureField(selection, depth)
          : selection.kind === Kind.INLINE_FRAGMENT
            ? measure(selection.selectionSet, depth)
            : measureFragment(selection.name.value);
      total = {
        depth: Math.max(total.depth, part.depth),
        aliases: total.aliases + part.aliases,
        directives: total.directives + part.directives + (selection.directives?.length ?? 0),
        width: total.width + part.width,
      };
    }
    return total;
  }

  return measure;
}

/**
 * Refuses a document for what can be seen before it is validated; validating something huge is what costs most.
 * @throws GraphQLError QUERY_TOO_COMPLEX
 */
export function checkShape(document: DocumentNode): void {
  const measure = createMeasure(fragmentsOf(document));
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION && definition.kind !== Kind.FRAGMENT_DEFINITION) continue;
    const { depth, aliases, directives, width } = measure(definition.selectionSet, 0);
    if (depth > MOST_DEPTH) throw tooComplex(`Fields lie more than ${MOST_DEPTH} deep`);
    if (aliases > MOST_ALIASES) throw tooComplex(`There are more than ${MOST_ALIASES} aliases`);
    if (directives > MOST_DIRECTIVES) throw tooComplex(`There are more than ${MOST_DIRECTIVES} directives`);
    const isOperation = definition.kind === Kind.OPERATION_DEFINITION;
    if (isOperation && width > MOST_ROOT_FIELDS)
      throw tooComplex(`There are more than ${MOST_ROOT_FIELDS} root fields`);
  }
}

const PAGED = new Set([
  "messages",
  "history",
  "searchMessages",
  "conversations",
  "friends",
  "friendRequests",
  "blockedUsers",
  "devices",
  "auditTrail",
]);

function pageSizesOf(field: FieldNode): readonly ValueNode[] {
  if (!PAGED.has(field.name.value)) return [];
  return (field.arguments ?? [])
    .filter(({ name }) => name.value === "first" || name.value === "last")
    .map(({ value }) => value);
}

type Variables = Readonly<Record<string, unknown>> | null | undefined;

/** The variables as they will be: those that are left out have their defaults. */
function withDefaults({ variableDefinitions = [] }: OperationDefinitionNode, given: Variables): Variables {
  const defaults = variableDefinitions.flatMap(({ variable, defaultValue }) =>
    defaultValue?.kind === Kind.INT ? [[variable.name.value, Number(defaultValue.value)] as const] : [],
  );
  return { ...Object.fromEntries(defaults), ...given };
}

/** How many of a field's children there may be: its page size; 1 where it has none. */
function pageSizeOf(field: FieldNode, variables: Variables): number {
  if (!PAGED.has(field.name.value)) return 1;
  const sizes = pageSizesOf(field).flatMap((value) => {
    if (value.kind === Kind.INT) return Number(value.value);
    const given = value.kind === Kind.VARIABLE ? variables?.[value.name.value] : undefined;
    return typeof given === "number" ? given : [];
  });
  // A larger page is refused as what it is, by the field itself, and costs nothing more.
  return sizes.length === 0 ? DEFAULT_PAGE : Math.min(LARGEST_PAGE, Math.max(0, ...sizes));
}

/** About how long the lists of introspection are. */
const INTROSPECTED: ReadonlyMap<string, number> = new Map([
  ["types", 100],
  ["fields", 8],
  ["args", 3],
  ["inputFields", 5],
  ["enumValues", 5],
  ["possibleTypes", 5],
  ["directives", 6],
]);
/** Fields of introspection that cost as much as one of ours: they are answered from memory. */
const INTROSPECTED_FOR_ONE = 20;

/** How many fields an operation could resolve with these variables. */
function costOf(document: DocumentNode, operation: OperationDefinitionNode, given: Variables): number {
  const fragments = fragmentsOf(document);
  const variables = withDefaults(operation, given);
  const known = new Map<string, number>();

  function costOfFragment(name: string): number {
    let cost = known.get(name);
    if (cost === undefined) {
      cost = costOfSelections(fragments.get(name)?.selectionSet);
      known.set(name, cost);
    }
    return cost;
  }

  function costOfField(field: FieldNode): number {
    const name = field.name.value;
    if (name === "__schema" || name === "__type") return costOfSelections(field.selectionSet) / INTROSPECTED_FOR_ONE;
    const size = INTROSPECTED.get(name) ?? pageSizeOf(field, variables);
    return name === "__typename" ? 0 : 1 + size * costOfSelections(field.selectionSet);
  }

  function costOfSelections(selections: SelectionSetNode | undefined): number {
    let cost = 0;
    for (const selection of selections?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        cost += costOfField(selection);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) cost += costOfSelections(selection.selectionSet);
      else cost += costOfFragment(selection.name.value);
    }
    return cost;
  }

  return costOfSelections(operation.selectionSet);
}

/**
 * Refuses an operation that would resolve too many fields with these variables.
 * @throws GraphQLError QUERY_TOO_COMPLEX
 */
export function checkCost(document: DocumentNode, operation: OperationDefinitionNode, given: Variables): void {
  const cost = costOf(document, operation, given);
  if (cost > MOST_COST) throw tooComplex(`It could resolve ${Math.ceil(cost)} fields, more than ${MOST_COST}`);
}

/** Whether no variables can make an operation cost too much: as if each of them asked for the largest page. */
export function isAlwaysCheap(document: DocumentNode, operation: OperationDefinitionNode): boolean {
  const names = (operation.variableDefinitions ?? []).map(({ variable }) => variable.name.value);
  const largest = Object.fromEntries(names.map((name) => [name, LARGEST_PAGE]));
  return costOf(document, operation, largest) <= MOST_COST;
}
