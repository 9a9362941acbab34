/**
 * Who may see or do what: each type and each root field states its rule, a field of a type only where it differs from
 * its type's. The engine decides; this says what it decides, so that it can be read, printed and tried out
 * (test/access.test.ts does so with every field, as everybody). A type or a root field without a rule does not compile.
 */
import type {
  FieldNullability,
  FieldRequiredness,
  InputFieldMap,
  InputType,
  SchemaTypes,
  TypeParam,
} from "@pothos/core";

export const ACCESS = {
  everybody: "Anybody with a token.",
  self: "The caller, about itself and in its own name.",
  given: "Whoever was given the object that it is part of.",
  found: "As the rule of the type says of what is found; else it does not exist.",
  sides: "The two sides of the conversation, each as it sees it, and admins. For others it does not exist.",
  lookingSide: "The side of the conversation that looks, or as which an admin looks.",
  sender: "The sender.",
  senderOrAdmin: "The sender and admins.",
  selfOrAdmin: "The user whom it is about, and admins.",
  notBlocked: "Anybody with a token whom this user has not blocked, and admins.",
  admin: "Admins.",
  operator: "Admins; it says nothing of anybody, so that no look is in the audit trail.",
} as const satisfies Record<string, string>;

export type Access = keyof typeof ACCESS;

interface RootAccess {
  /** Who may ask. */
  access: Access;
}

declare global {
  export namespace PothosSchemaTypes {
    // Declarations of one interface must name the same parameters.
    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      /** Who may see the fields of this type. */
      access: Access;
    }

    export interface ObjectFieldOptions<
      Types extends SchemaTypes,
      ParentShape,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > {
      /** Who may see this field, where that is not whom the type says. */
      access?: Access;
    }

    export interface QueryFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > extends RootAccess {}

    export interface MutationFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveReturnShape,
    > extends RootAccess {}

    export interface SubscriptionFieldOptions<
      Types extends SchemaTypes,
      Type extends TypeParam<Types>,
      Nullable extends FieldNullability<Type>,
      Args extends InputFieldMap,
      ResolveShape,
      ResolveReturnShape,
    > extends RootAccess {}

    export interface InputFieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      Type extends InputType<Types> | [InputType<Types>] = InputType<Types> | [InputType<Types>],
      Req extends FieldRequiredness<Type> = FieldRequiredness<Type>,
    > {
      /** Who may pass this, where that is not whoever may ask. */
      access?: Access;
    }
  }
}
