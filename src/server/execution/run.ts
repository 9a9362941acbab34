/** One execution of an operation: what it was given, what resolvers may know of it, and what it gives. */
import type { GraphQLError, GraphQLResolveInfo, GraphQLSchema } from "graphql";
import type { Operation } from "../operations.ts";
import type { Field } from "./plans.ts";

export type MaybePromise<T> = PromiseLike<T> | T;
export type Path = GraphQLResolveInfo["path"];

/** The errors of one run. Of what lies below a place that has become null already, nothing is told. */
export class FieldErrors {
  readonly found: GraphQLError[] = [];
  readonly #places = new Set<Path | undefined>();

  add(error: GraphQLError, place: Path | undefined): void {
    for (let above = place; above !== undefined; above = above.prev) if (this.#places.has(above)) return;
    if (this.#places.has(undefined)) return;
    this.#places.add(place);
    this.found.push(error);
  }
}

export interface Run {
  readonly schema: GraphQLSchema;
  readonly operation: Operation;
  readonly rootValue: unknown;
  readonly contextValue: unknown;
  readonly variableValues: Readonly<Record<string, unknown>>;
  readonly errors: FieldErrors;
}

/** What a resolver may know of its field. There is one for each field of each object, so it is told when asked. */
export class FieldInfo implements GraphQLResolveInfo {
  readonly run: Run;
  readonly field: Field;
  readonly above: Path | undefined;
  place: Path | null;

  constructor(run: Run, field: Field, above: Path | undefined) {
    this.run = run;
    this.field = field;
    this.above = above;
    this.place = null;
  }

  get path(): Path {
    const { key, parentType } = this.field;
    this.place ??= { prev: this.above, key, typename: parentType.name };
    return this.place;
  }
  get fieldName() {
    return this.field.definition.name;
  }
  get fieldNodes() {
    return this.field.nodes;
  }
  get returnType() {
    return this.field.definition.type;
  }
  get parentType() {
    return this.field.parentType;
  }
  get schema() {
    return this.run.schema;
  }
  get fragments() {
    return this.run.operation.fragments;
  }
  get rootValue() {
    return this.run.rootValue;
  }
  get operation() {
    return this.run.operation.definition;
  }
  get variableValues() {
    return this.run.variableValues;
  }
}

/** An object of a result. It inherits nothing, since `__proto__` may be an alias; made by a class, it is fast. */
export class ResultObject {
  [key: string]: unknown;
}
Object.setPrototypeOf(ResultObject.prototype, null);

export function isPromise<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

/** Waits for what of an object's values is still to come. */
export function settled(object: ResultObject): Promise<ResultObject> {
  return Promise.all(Object.values(object)).then((values) => {
    const result = new ResultObject();
    for (const [index, key] of Object.keys(object).entries()) result[key] = values[index];
    return result;
  });
}
