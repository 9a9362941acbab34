/** Old messages that admins bring from elsewhere, with their own times and keys. */
import { auditEntry, recordLook } from "../audit.ts";
import type { ContentInput } from "../content.ts";
import { invalid } from "../content-checks.ts";
import { readContent } from "../content-rules.ts";
import { announced, type Core, cutoffsNow, erasuresNow } from "../core.ts";
import { Refusal } from "../errors.ts";
import { noUploads, uploadsIn, uploadsOf } from "../media-rules.ts";
import { fingerprintOf, readKey } from "../message-key.ts";
import { recipientOf } from "../permissions.ts";
import { UploadGone } from "../upload-store.ts";
import type { Uploads } from "../uploads.ts";
import { requireAdmin, type Viewer } from "../viewer.ts";
import { checkCount, checkInstant, type ImportResult, refusalOf, refused, settled } from "./import-result.ts";
import type { ImportedDraft } from "./record-store.ts";

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

function noSender(): Refusal {
  return new Refusal("SENDER_NOT_FOUND", "`from` names no user; `importUsers` first.", { field: "from" });
}

export function createMessageImport(core: Core, uploads: Pick<Uploads, "finderFor">) {
  const { store } = core;

  async function draftOf(viewer: Viewer, input: ImportMessageInput): Promise<ImportedDraft> {
    const key = readKey(input.clientMessageId);
    if (key === null) throw invalid("clientMessageId", "It is needed, so that nothing is imported twice.");
    checkInstant(core, input.sentAt, "sentAt");
    const facts = await store.sendFacts(input.from, input.to, null);
    if (facts.sender === null) throw noSender();
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
    const all: { readonly index: number; readonly draft: ImportedDraft }[] = [];
    for (const [index, input] of inputs.entries()) {
      if (input.sentAt <= cutoffsNow(core).erased) {
        results[index] = settled("EXPIRED");
        continue;
      }
      try {
        all.push({ index, draft: await draftOf(viewer, input) });
      } catch (error) {
        results[index] = refused(refusalOf(error));
      }
    }
    // An erasure that has begun since they were looked at would not find them any more.
    for (const { index, draft } of all) if (core.erasing.has(draft.senderId)) results[index] = refused(noSender());
    const drafts = all
      .filter(({ draft }) => !core.erasing.has(draft.senderId))
      .sort((a, b) => a.draft.sentAt - b.draft.sentAt);
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

  return { importMessages };
}
