/** What the types of a schema make of the values of fields, told apart once. */
import {
  defaultTypeResolver,
  type GraphQLAbstractType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type GraphQLTypeResolver,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";

/** What becomes of a value of a type. */
export type Shape = { readonly nullable: boolean } & (
  | { readonly kind: "leaf"; readonly type: GraphQLLeafType }
  | { readonly kind: "list"; readonly items: Shape }
  | { readonly kind: "object"; readonly type: GraphQLObjectType }
  | {
      readonly kind: "abstract";
      readonly type: GraphQLAbstractType;
      readonly resolveType: GraphQLTypeResolver<unknown, unknown>;
      readonly members: ReadonlyMap<unknown, GraphQLObjectType>;
    }
);

/** @throws Error for a type with `isTypeOf`, which nothing here asks */
export function createShapes(schema: GraphQLSchema): (type: GraphQLOutputType) => Shape {
  const shapes = new Map<GraphQLOutputType, Shape>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type) && type.isTypeOf != null) throw new Error(`${type.name} has isTypeOf; use resolveType.`);
  }

  function makeShape(type: GraphQLOutputType, nullable: boolean): Shape {
    if (isNonNullType(type)) return makeShape(type.ofType, false);
    if (isListType(type)) return { nullable, kind: "list", items: shapeOf(type.ofType) };
    if (isLeafType(type)) return { nullable, kind: "leaf", type };
    if (isObjectType(type)) return { nullable, kind: "object", type };
    const members = new Map(schema.getPossibleTypes(type).map((member) => [member.name, member]));
    return { nullable, kind: "abstract", type, resolveType: type.resolveType ?? defaultTypeResolver, members };
  }

  function shapeOf(type: GraphQLOutputType): Shape {
    let shape = shapes.get(type);
    if (shape === undefined) {
      shape = makeShape(type, true);
      shapes.set(type, shape);
    }
    return shape;
  }

  return shapeOf;
}
