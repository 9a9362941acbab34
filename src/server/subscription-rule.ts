/** A rule that the September 2025 edition of GraphQL has and the library does not: see `Single Root Field`. */
import {
  type ASTVisitor,
  GraphQLError,
  Kind,
  OperationTypeNode,
  type SelectionSetNode,
  type ValidationContext,
} from "graphql";

/**
 * The root of a subscription has no `@skip` and no `@include`. With them it may have no field at all, and the
 * library throws something that is no GraphQLError.
 */
export function UnconditionalSubscriptionRule(context: ValidationContext): ASTVisitor {
  function check({ selections }: SelectionSetNode, seen: Set<string>): void {
    for (const selection of selections) {
      const conditions = (selection.directives ?? []).filter(({ name }) => /^(skip|include)$/.test(name.value));
      if (conditions.length > 0) {
        const reason = "The field of a subscription must not be under `@skip` or `@include`.";
        context.reportError(new GraphQLError(reason, { nodes: conditions }));
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) check(selection.selectionSet, seen);
      if (selection.kind !== Kind.FRAGMENT_SPREAD || seen.has(selection.name.value)) continue;
      seen.add(selection.name.value);
      const fragment = context.getFragment(selection.name.value);
      if (fragment != null) check(fragment.selectionSet, seen);
    }
  }

  return {
    OperationDefinition({ operation, selectionSet }) {
      if (operation === OperationTypeNode.SUBSCRIPTION) check(selectionSet, new Set());
      return false;
    },
  };
}
