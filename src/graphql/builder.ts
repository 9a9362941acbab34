/** The schema builder: what a field is by default, and the scalars. */
import SchemaBuilder from "@pothos/core";
import "./access.ts";
import { GraphQLError } from "graphql";
import type { Context } from "./context.ts";
import { instantOf, instantText } from "./instant.ts";

export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  DefaultInputFieldRequiredness: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: number; Output: number };
  };
}>({ defaultFieldNullability: false });

/** Instants are milliseconds in the engine. */
builder.scalarType("DateTime", {
  description:
    "An instant as RFC 3339 text: out in UTC with milliseconds, such as `2026-01-31T09:30:00.000Z`; in with any offset, such as `2026-01-31T18:30:00+09:00`.",
  serialize: instantText,
  parseValue(value) {
    const instant = typeof value === "string" ? instantOf(value) : null;
    if (instant !== null) return instant;
    throw new GraphQLError("It is an instant in RFC 3339 with an offset, such as 2026-01-31T09:30:00Z.", {
      extensions: { code: "BAD_USER_INPUT" },
    });
  },
});

builder.queryType({
  description: "Everything that can be asked. What is absent and what is not yours to see are the same answer: null.",
});
builder.mutationType({
  description:
    "Everything that can be done. Each field stands for itself: one that is refused does not undo the others.",
});
builder.subscriptionType({
  description: "Views of the one ordered log that each user has. Every cursor is a place in that log.",
});
