/** A GraphQL operation: its text, and the types of what it takes and gives. */
declare const types: unique symbol;

export interface Operation<Result, Variables> {
  readonly text: string;
  readonly [types]?: (variables: Variables) => Result;
}

export function operation<Result, Variables>(text: string): Operation<Result, Variables> {
  return { text };
}
