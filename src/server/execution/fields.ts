/**
 * Resolves fields and completes their values as graphql-js does, step by step and promise by promise, so that errors
 * come in the same order; what that looks up for each object anew is taken from a plan here.
 */
import { GraphQLError, type GraphQLObjectType, getArgumentValues, locatedError, responsePathAsArray } from "graphql";
import type { Field, Plans } from "./plans.ts";
import { FieldInfo, isPromise, type MaybePromise, type Path, ResultObject, type Run, settled } from "./run.ts";
import type { Shape } from "./shapes.ts";

export interface Fields {
  /** Resolves all fields of an object at once. */
  resolveAll(run: Run, fields: readonly Field[], source: unknown, path: Path | undefined): MaybePromise<ResultObject>;
  /** Resolves the fields of a root one after the other. */
  resolveInTurn(run: Run, fields: readonly Field[], source: unknown): MaybePromise<ResultObject>;
}

/** Null, or where that may not be, an error for what is above. */
function fail({ run, fieldNodes }: FieldInfo, { nullable }: Shape, path: Path, thrown: unknown): null {
  const error = locatedError(thrown, fieldNodes, responsePathAsArray(path));
  if (!nullable) throw error;
  run.errors.add(error, path);
  return null;
}

type AbstractShape = Extract<Shape, { kind: "abstract" }>;

function memberOf({ type, members }: AbstractShape, name: unknown): GraphQLObjectType {
  const member = members.get(name);
  if (member === undefined) throw new GraphQLError(`What should be a ${type.name} was said to be a ${String(name)}.`);
  return member;
}

/** Closures stand in functions of their own: where they are made, every call pays for what they hold. */
export function createFields(plans: Plans): Fields {
  function resolveField(run: Run, field: Field, source: unknown, above: Path | undefined): unknown {
    const { definition, shape } = field;
    const info = new FieldInfo(run, field, above);
    let value: unknown;
    try {
      const args = definition.args.length === 0 ? {} : getArgumentValues(definition, field.node, run.variableValues);
      value = field.resolve(source, args, run.contextValue, info);
    } catch (thrown) {
      return fail(info, shape, info.path, thrown);
    }
    return completeOrFail(info, shape, null, value);
  }

  /** @param path of an item; null for the value of the field itself, which seldom needs one */
  function completeOrFail(info: FieldInfo, shape: Shape, path: Path | null, value: unknown): unknown {
    try {
      const completed = isPromise(value) ? completeLater(info, shape, path, value) : complete(info, shape, path, value);
      return isPromise(completed) ? orFailLater(info, shape, path, completed) : completed;
    } catch (thrown) {
      return fail(info, shape, path ?? info.path, thrown);
    }
  }

  function completeLater(info: FieldInfo, shape: Shape, path: Path | null, value: PromiseLike<unknown>): unknown {
    return value.then((resolved) => complete(info, shape, path, resolved));
  }

  function orFailLater(info: FieldInfo, shape: Shape, path: Path | null, completed: PromiseLike<unknown>): unknown {
    return completed.then(undefined, (thrown: unknown) => fail(info, shape, path ?? info.path, thrown));
  }

  function complete(info: FieldInfo, shape: Shape, path: Path | null, value: unknown): unknown {
    if (value instanceof Error) throw value;
    if (value == null) {
      if (shape.nullable) return null;
      throw new Error(`Cannot return null for non-nullable field ${info.parentType.name}.${info.fieldName}.`);
    }
    switch (shape.kind) {
      case "leaf": {
        const serialized = shape.type.serialize(value);
        if (serialized == null) throw new Error(`${shape.type.name} has made nothing of a value.`);
        return serialized;
      }
      case "list":
        return completeItems(info, shape.items, path ?? info.path, value);
      case "object":
        return completeObject(info, shape.type, path ?? info.path, value);
      case "abstract": {
        const name = shape.resolveType(value, info.run.contextValue, info, shape.type);
        if (isPromise(name)) return completeMemberLater(info, shape, path ?? info.path, value, name);
        return completeObject(info, memberOf(shape, name), path ?? info.path, value);
      }
    }
  }

  function completeMemberLater(
    info: FieldInfo,
    shape: AbstractShape,
    path: Path,
    value: unknown,
    name: PromiseLike<unknown>,
  ): unknown {
    return name.then((resolved) => completeObject(info, memberOf(shape, resolved), path, value));
  }

  function completeObject({ run, field }: FieldInfo, type: GraphQLObjectType, path: Path, value: unknown): unknown {
    return resolveAll(run, plans.ofObject(run.operation, run.variableValues, field, type), value, path);
  }

  function completeItems(info: FieldInfo, shape: Shape, path: Path, list: unknown): unknown {
    if (typeof list !== "object" || list === null || !(Symbol.iterator in list)) {
      const name = `${info.parentType.name}.${info.fieldName}`;
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${name}".`);
    }
    const items: unknown[] = [];
    let waiting = false;
    try {
      for (const item of list as Iterable<unknown>) {
        const completed = completeOrFail(info, shape, { prev: path, key: items.length, typename: undefined }, item);
        items.push(completed);
        waiting ||= isPromise(completed);
      }
    } catch (error) {
      // Nobody waits for the items before it any more, and a rejection that nobody handles ends the process.
      Promise.all(items).catch(() => {});
      throw error;
    }
    return waiting ? Promise.all(items) : items;
  }

  function resolveAll(
    run: Run,
    fields: readonly Field[],
    source: unknown,
    path: Path | undefined,
  ): MaybePromise<ResultObject> {
    const result = new ResultObject();
    let waiting = false;
    try {
      for (const field of fields) {
        const completed = resolveField(run, field, source, path);
        result[field.key] = completed;
        waiting ||= isPromise(completed);
      }
    } catch (error) {
      if (!waiting) throw error;
      return settled(result).finally(() => {
        throw error;
      });
    }
    return waiting ? settled(result) : result;
  }

  function resolveInTurn(run: Run, fields: readonly Field[], source: unknown): MaybePromise<ResultObject> {
    function add(before: ResultObject, field: Field): MaybePromise<ResultObject> {
      const completed = resolveField(run, field, source, undefined);
      if (!isPromise(completed)) {
        before[field.key] = completed;
        return before;
      }
      return completed.then((value) => {
        before[field.key] = value;
        return before;
      });
    }

    let result: MaybePromise<ResultObject> = new ResultObject();
    for (const field of fields) {
      result = isPromise(result) ? result.then((before) => add(before, field)) : add(result, field);
    }
    return result;
  }

  return { resolveAll, resolveInTurn };
}
