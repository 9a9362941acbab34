/** Refusals in the schema: the codes, the interface of all error types, and how a refusal becomes data. */
import { type DataCode, ERRORS, Refusal } from "../engine/errors.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";

const dataCodes = Object.entries(ERRORS).filter(([, error]) => error.tier === "data");

export const ErrorCode = builder.enumType("ErrorCode", {
  description: "Why something was refused. Codes stay; switch on them, not on `reason`.",
  values: Object.fromEntries(
    dataCodes.map(([code, { meaning }]) => [code, { value: code as DataCode, description: meaning }]),
  ),
});

/** A refusal that is data. It is no Error itself: GraphQL would throw one that a resolver gives. */
export class Refused {
  readonly code: DataCode;
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    this.code = refusal.code as DataCode;
    this.refusal = refusal;
  }
}

export const ErrorInterface = builder.interfaceRef<Refused>("Error").implement({
  description: "A refusal that is data. Select it as `... on Error { code reason }` in any result.",
  fields: (t) => ({
    code: t.field({ type: ErrorCode, description: "Stable.", resolve: ({ code }) => code }),
    reason: t.string({
      description: "For people: what is wrong and how to mend it.",
      resolve: ({ refusal }) => refusal.message,
    }),
  }),
});

/** An error type of one mutation's result. */
export function errorType(name: string, what: string) {
  return builder.objectRef<Refused>(name).implement({
    access: "given",
    description: `Why ${what}.`,
    interfaces: [ErrorInterface],
    fields: (t) => ({
      field: t.string({
        nullable: true,
        description: "Path of the input at fault, such as `content.location.latitude`; null where no single one is.",
        resolve: ({ refusal }) => refusal.field ?? null,
      }),
      appCode: t.string({
        nullable: true,
        description: "The app's own code, for REFUSED_BY_HOOK where its hook gave one; else null.",
        resolve: ({ refusal }) => refusal.appCode ?? null,
      }),
      retryAfterMs: t.int({
        nullable: true,
        description: "Milliseconds after which it may work, for RATE_LIMITED and MUTED; else null.",
        resolve: ({ refusal: { retryAfterMs } }) =>
          retryAfterMs === undefined ? null : Math.min(retryAfterMs, 2_147_483_647),
      }),
    }),
  });
}

/** Hands a refusal that a result type can carry over as data; anything else goes on as an exception. */
export async function orRefusal<T>({ refused }: Context, work: Promise<T>): Promise<T | Refused> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Refusal) || !error.isData) throw error;
    refused(error.code);
    return new Refused(error);
  }
}
