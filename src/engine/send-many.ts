/** One message to many recipients, each of whom gets one of its own. */
import { hash } from "node:crypto";
import { auditEntry } from "./audit.ts";
import { invalid } from "./content-checks.ts";
import type { Core } from "./core.ts";
import { Refusal } from "./errors.ts";
import type { UserId } from "./model.ts";
import type { Send, SendInput, SendSuccess } from "./send.ts";
import { requireAdmin, type Viewer } from "./viewer.ts";

export const MOST_RECIPIENTS = 500;

export interface SendManyInput extends Omit<SendInput, "to" | "replyTo"> {
  readonly to: readonly string[];
}

/** What became of a message to one of them. */
export interface SendOutcome {
  readonly to: string;
  readonly result: SendSuccess | Refusal;
}

/**
 * The key under which a recipient's own message is kept: the same for the same key and recipient, so that asking again
 * sends nothing twice. SHA-256 in base64url, 43 characters.
 */
export function keyFor(key: string, to: UserId): string {
  return hash("sha256", JSON.stringify([key, to]), "base64url");
}

export function createSendingMany(core: Core, send: Send) {
  async function sendTo(viewer: Viewer, input: SendManyInput, to: string): Promise<SendOutcome> {
    const clientMessageId = input.clientMessageId == null ? null : keyFor(input.clientMessageId, to);
    try {
      return { to, result: await send(viewer, { ...input, to, clientMessageId }) };
    } catch (error) {
      if (error instanceof Refusal && error.isData) return { to, result: error };
      throw error;
    }
  }

  /**
   * Sends as `send` does, to each of the recipients once. A refusal of one keeps nothing from the others.
   * @returns what became of each, in the order in which they were first named
   * @throws Refusal FORBIDDEN, INVALID_CONTENT for none or more than 500; and what `send` throws that is no recipient's own:
   * then some may have been sent, and the same clientMessageId again sends the rest
   */
  async function sendMany(viewer: Viewer, input: SendManyInput): Promise<readonly SendOutcome[]> {
    requireAdmin(viewer, "`sendMessages`");
    const recipients = [...new Set(input.to)];
    if (recipients.length < 1 || input.to.length > MOST_RECIPIENTS) {
      throw invalid("to", `It names ${input.to.length}; 1 to ${MOST_RECIPIENTS} at once. Use \`broadcast\` for more.`);
    }
    const subject = `to ${recipients.length}`;
    await core.store.recordAudit(auditEntry(core, viewer, "sendMessages", input.sendAs ?? null, subject));
    return Promise.all(recipients.map((to) => sendTo(viewer, input, to)));
  }

  return { sendMany };
}
