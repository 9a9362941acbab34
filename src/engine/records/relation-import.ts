/** Friendships and blacklists that admins bring from elsewhere. */
import { auditEntry } from "../audit.ts";
import { invalid } from "../content-checks.ts";
import type { Core } from "../core.ts";
import { Refusal } from "../errors.ts";
import { isUserId } from "../ids.ts";
import { SYSTEM_USER } from "../model.ts";
import { requireAdmin, type Viewer } from "../viewer.ts";
import { checkCount, checkInstant, type ImportResult, refusalOf, refused, settled } from "./import-result.ts";
import type { ImportedRelation } from "./record-store.ts";

export interface ImportRelationInput {
  readonly kind: "FRIENDS" | "BLOCKED";
  readonly user: string;
  readonly other: string;
  /** Left out: since now. */
  readonly since?: number | null | undefined;
}

export function createRelationImport(core: Core) {
  const { store } = core;

  async function checkPerson(id: string, field: string): Promise<void> {
    if (isUserId(id) && id !== SYSTEM_USER && (await store.users([id])).has(id)) return;
    throw new Refusal("USER_NOT_FOUND", "There is no such user; `importUsers` first.", { field });
  }

  async function relationOf(input: ImportRelationInput): Promise<ImportedRelation> {
    const since = input.since ?? core.timekeeper.latest();
    checkInstant(core, since, "since");
    await checkPerson(input.user, "user");
    await checkPerson(input.other, "other");
    if (input.user === input.other) throw invalid("other", "Nobody stands in a relation to themselves.");
    return { kind: input.kind, userId: input.user, otherId: input.other, since };
  }

  /**
   * Stores friendships and entries of blacklists under their own times, all in one commit. Nobody is told.
   * @returns what became of each, in the order of the input
   * @throws Refusal FORBIDDEN, INVALID_CONTENT for more than 100
   */
  async function importRelations(
    viewer: Viewer,
    inputs: readonly ImportRelationInput[],
  ): Promise<readonly ImportResult[]> {
    requireAdmin(viewer, "`importRelations`");
    checkCount(inputs.length, "relations");
    const results: ImportResult[] = [];
    const relations: { readonly index: number; readonly relation: ImportedRelation }[] = [];
    for (const [index, input] of inputs.entries()) {
      try {
        relations.push({ index, relation: await relationOf(input) });
      } catch (error) {
        results[index] = refused(refusalOf(error));
      }
    }
    const list = relations.map(({ relation }) => relation);
    const outcomes = await store.importRelations(list, auditEntry(core, viewer, "importRelations", null, ""));
    for (const [nth, outcome] of outcomes.entries()) {
      const index = relations[nth]?.index ?? 0;
      if (outcome === "blocked") {
        const reason = "One of the two has the other on the blacklist.";
        results[index] = refused(new Refusal("BLOCKED", reason));
      } else results[index] = settled(outcome === "imported" ? "IMPORTED" : "DUPLICATE");
    }
    return results;
  }

  return { importRelations };
}
