/** What can be known of an operation before it has its variables, found once for each operation of a document. */
import {
  BREAK,
  type DocumentNode,
  type FragmentDefinitionNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import { isAlwaysCheap } from "./complexity.ts";

/** What all operations of a document have in common. */
interface Shared {
  readonly document: DocumentNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  /** Whether variables decide what is skipped or included. */
  readonly conditional: boolean;
}

export interface Operation extends Shared {
  readonly definition: OperationDefinitionNode;
  /** Whether it costs little enough with any variables. */
  readonly cheap: boolean;
}

function fragmentsOf({ definitions }: DocumentNode): Operation["fragments"] {
  const fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}

function hasVariableConditions(document: DocumentNode): boolean {
  let found = false;
  visit(document, {
    Directive({ arguments: given = [] }) {
      found ||= given.some(({ value }) => value.kind === Kind.VARIABLE);
      return found ? BREAK : undefined;
    },
  });
  return found;
}

export interface Operations {
  /** The operation of this name; null where there is none. Without a name, the only one. */
  find(document: DocumentNode, name: string | null | undefined): Operation | null;
}

/** Keeps what it has found for as long as the document is kept. */
export function createOperations(): Operations {
  const known = new WeakMap<OperationDefinitionNode, Operation>();
  const shared = new WeakMap<DocumentNode, Shared>();

  function sharedOf(document: DocumentNode): Shared {
    let parts = shared.get(document);
    if (parts === undefined) {
      parts = { document, fragments: fragmentsOf(document), conditional: hasVariableConditions(document) };
      shared.set(document, parts);
    }
    return parts;
  }

  return {
    find(document, name) {
      const definition = getOperationAST(document, name);
      if (definition == null) return null;
      const found = known.get(definition);
      if (found !== undefined) return found;
      const operation = { ...sharedOf(document), definition, cheap: isAlwaysCheap(document, definition) };
      known.set(definition, operation);
      return operation;
    },
  };
}
