/** What admins bring from elsewhere: old messages with their own times and keys, friendships, blacklists. */
import { auditEntry, recordLook } from "../audit.ts";
import type { ContentInput } from "../content.ts";
import { invalid } from "../content-checks.ts";
import { readContent } from "../content-rules.ts";
import { announced, type Core, cutoffsNow, erasuresNow } from "../core.ts";
import { type DataCode, Refusal } from "../errors.ts";
import { isUserId } from "../ids.ts";
import { noUploads, uploadsIn, uploadsOf } from "../media-rules.ts";
import { fingerprintOf, readKey } from "../message-key.ts";
import { SYSTEM_USER } from "../model.ts";
import { recipientOf } from "../permissions.ts";
import { UploadGone } from "../upload-store.ts";
import type { Uploads } from "../uploads.ts";
import { type MessageView, requireAdmin, type Viewer } from "../viewer.ts";
import type { ImportedDraft, ImportedRelation } from "./record-store.ts";

const MOST_IMPORTED_AT_ONCE = 100;
/** How often uploads may go between the look at them and the commit. */
const MOST_ATTEMPTS = 3;

export interface ImportMessageInput {
  readonly from: string;
  readonly to: string;
  readonly content: ContentInput;
  readonly sentAt: number;
  readonly clientMessageId: string;
  readonly customData?: string | null | undefined;
  /** Whether the recipient has read it; left out: it has. */
  readonly read?: boolean | undefined;
}

export interface ImportRelationInput {
  readonly kind: "FRIENDS" | "BLOCKED";
  readonly user: string;
  readonly other: string;
  /** Left out: since now. */
  readonly since?: number | null | undefined;
}

export type ImportOutcome = "IMPORTED" | "DUPLICATE" | "EXPIRED" | "REFUSED";

/** What became of one of the input. */
export interface ImportResult {
  readonly outcome: ImportOutcome;
  /** Of messages: as it is stored; null where it is not. */
  readonly view: MessageView | null;
  /** Why it was REFUSED; else null. */
  readonly refusal: Refusal | null;
}

function refused(refusal: Refusal): ImportResult {
  return { outcome: "REFUSED", view: null, refusal };
}

function settled(outcome: Exclude<ImportOutcome, "REFUSED">, view: MessageView | null = null): ImportResult {
  return { outcome, view, refusal: null };
}

function checkCount(count: number, field: string): void {
  if (count > MOST_IMPORTED_AT_ONCE) {
    throw invalid(field, `At most ${MOST_IMPORTED_AT_ONCE} ${field} can be imported at once.`);
  }
}

/** @throws what is no refusal of this one input */
function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal && error.isData) return error;
  throw error;
}

export function createImporting(core: Core, uploads: Pick<Uploads, "finderFor">) {
  const { store } = core;

  function checkInstant(instant: number, field: string): void {
    if (instant > core.timekeeper.latest()) throw invalid(field, "It lies in the future; what is imported has been.");
    if (instant < 0) throw invalid(field, "It lies before 1970.");
  }

  async function draftOf(viewer: Viewer, input: ImportMessageInput): Promise<ImportedDraft> {
    const key = readKey(input.clientMessageId);
    if (key === null) throw invalid("clientMessageId", "It is needed, so that nothing is imported twice.");
    checkInstant(input.sentAt, "sentAt");
    const facts = await store.sendFacts(input.from, input.to, null);
    if (facts.sender === null) {
      throw new Refusal("SENDER_NOT_FOUND", "`from` names no user; `importUsers` first.", { field: "from" });
    }
    const recipientId = recipientOf(facts);
    const named = uploadsIn(input.content);
    const findUpload = named.length === 0 ? noUploads : await uploads.finderFor(viewer.userId, named);
    const { content, customData } = readContent(input.content, input.customData, findUpload);
    const parts = uploadsOf(content);
    return {
      senderId: facts.sender.id,
      recipientId,
      senderProfile: { nickname: facts.sender.nickname, avatarUrl: facts.sender.avatarUrl },
      content,
      customData,
      clientMessageId: key,
      fingerprint: fingerprintOf(input),
      sentAt: input.sentAt,
      read: input.read ?? true,
      uploads: parts.length === 0 ? null : { owner: viewer.userId, ids: parts },
    };
  }

  async function attempt(viewer: Viewer, inputs: readonly ImportMessageInput[]): Promise<readonly ImportResult[]> {
    const results: ImportResult[] = [];
    const drafts: { readonly index: number; readonly draft: ImportedDraft }[] = [];
    for (const [index, input] of inputs.entries()) {
      if (input.sentAt <= cutoffsNow(core).erased) {
        results[index] = settled("EXPIRED");
        continue;
      }
      try {
        drafts.push({ index, draft: await draftOf(viewer, input) });
      } catch (error) {
        results[index] = refused(refusalOf(error));
      }
    }
    drafts.sort((a, b) => a.draft.sentAt - b.draft.sentAt);
    const list = drafts.map(({ draft }) => draft);
    const audit = auditEntry(core, viewer, "importMessages", null, "");
    const imported = await store.importMessages(list, core.timekeeper.latest(), erasuresNow(core).erased, audit);
    announced(core, imported);
    for (const [nth, one] of imported.outcomes.entries()) {
      const index = drafts[nth]?.index ?? 0;
      if (one.outcome === "conflict") {
        const reason = "This clientMessageId stands for another message of this sender.";
        results[index] = refused(new Refusal("IDEMPOTENCY_CONFLICT", reason, { field: "clientMessageId" }));
      } else {
        const { message } = one;
        const view = { message, viewedBy: message.senderId };
        results[index] = settled(one.outcome === "imported" ? "IMPORTED" : "DUPLICATE", view);
      }
    }
    const again = results.flatMap(({ outcome, view }) => (outcome === "DUPLICATE" && view ? [view.message.id] : []));
    if (again.length > 0) await recordLook(core, viewer, "importMessages", null, `again ${again.join(" ")}`);
    return results;
  }

  /**
   * Stores old messages under their own times and keys, oldest first, all in one commit; those that are refused do not
   * keep out the others. Nobody is pushed to, no device is handed them; history and conversations have them.
   * @returns what became of each, in the order of the input
   * @throws Refusal FORBIDDEN, INVALID_CONTENT for more than 100
   */
  async function importMessages(
    viewer: Viewer,
    inputs: readonly ImportMessageInput[],
  ): Promise<readonly ImportResult[]> {
    requireAdmin(viewer, "`importMessages`");
    checkCount(inputs.length, "messages");
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt(viewer, inputs);
      } catch (error) {
        // Looked at once more, the upload that went is not found.
        if (!(error instanceof UploadGone) || attempts === MOST_ATTEMPTS) throw error;
      }
    }
  }

  async function checkPerson(id: string, field: string): Promise<void> {
    if (isUserId(id) && id !== SYSTEM_USER && (await store.users([id])).has(id)) return;
    throw new Refusal("USER_NOT_FOUND", "There is no such user; `importUsers` first.", { field });
  }

  async function relationOf(input: ImportRelationInput): Promise<ImportedRelation> {
    const since = input.since ?? core.timekeeper.latest();
    checkInstant(since, "since");
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

  return { importMessages, importRelations };
}

/** The code of a refusal that is data. */
export function codeOf({ refusal }: ImportResult): DataCode | null {
  return refusal === null ? null : (refusal.code as DataCode);
}
