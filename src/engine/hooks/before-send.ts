/** The last rule of sending: the app's own word on a message. */
import { invalid } from "../content-checks.ts";
import { readContent } from "../content-rules.ts";
import type { Core } from "../core.ts";
import { Refusal } from "../errors.ts";
import { noUploads } from "../media-rules.ts";
import { mayReach, type Reach, recipientOf } from "../permissions.ts";
import { readPush } from "../push/options.ts";
import { isAdmin, type Viewer } from "../viewer.ts";
import type { BeforeSendHook, HookQuestion, HookRewrite } from "./hook.ts";

const LONGEST_CODE = 64;
const LONGEST_REASON = 500;
/** Failures in a row after which the app is asked less. */
const PATIENCE = 5;
/** Milliseconds for which it is not asked then, before one message tries again. */
const REST_MS = 5_000;

/** A message as the app wants it, and whom it reaches. */
export type Judged = Pick<HookQuestion, "content" | "customData" | "push"> & { readonly reach: Reach };
type Wanted = Omit<Judged, "reach">;

/** What the app says to a sender, cut to what an answer may hold. */
function refusalOf(code: string | null, reason: string | null): Refusal {
  const text = reason?.slice(0, LONGEST_REASON).toWellFormed() ?? "The app does not take this message.";
  return new Refusal("REFUSED_BY_HOOK", text, code === null ? {} : { appCode: code.slice(0, LONGEST_CODE) });
}

/** What the app puts in a message's place. @throws Refusal where no such message could be sent */
function rewritten(question: HookQuestion, change: HookRewrite): Wanted {
  const customData = change.customData === undefined ? question.customData : change.customData;
  const push = change.push === undefined ? question.push : readPush(change.push);
  if (change.content === undefined) return { content: question.content, customData, push };
  const read = readContent(change.content, customData, noUploads);
  if (question.editOf !== null && read.content.type !== question.content.type) {
    throw invalid("content", "An edit stays of its kind.");
  }
  return { ...read, push };
}

/**
 * Asks the app. It takes up to its budget, and what stands between the two may change meanwhile: that is looked up again.
 * @throws Refusal REFUSED_BY_HOOK, UNAVAILABLE where it does not answer and must; MUTED, BLOCKED, NOT_FRIENDS
 */
export type BeforeSend = (viewer: Viewer, reach: Reach, question: HookQuestion) => Promise<Judged>;

/** @param hook null: the app has none */
export function createBeforeSend(core: Core, hook: BeforeSendHook | null): BeforeSend {
  if (hook === null) return async (_, reach, { content, customData, push }) => ({ content, customData, push, reach });
  const { clock, observer, store } = core;
  let failures = 0;
  let restsUntil = Number.NEGATIVE_INFINITY;

  function rest(): void {
    if (failures >= PATIENCE) restsUntil = clock.monotonic() + REST_MS;
  }

  function unanswered(hook: BeforeSendHook, question: HookQuestion): Wanted {
    observer.hookAsked("failed");
    if (hook.onFailure === "allow") return question;
    throw new Refusal("UNAVAILABLE", "The app could not be asked whether this may be sent. Try again later.");
  }

  async function ask(hook: BeforeSendHook, question: HookQuestion): Promise<Wanted> {
    // While it does not answer, nobody waits for it, but for one who finds out whether it does again.
    if (clock.monotonic() < restsUntil) return unanswered(hook, question);
    rest();
    try {
      const verdict = await hook.ask(question);
      const wanted = verdict.verdict === "rewrite" ? rewritten(question, verdict.change) : question;
      failures = 0;
      restsUntil = Number.NEGATIVE_INFINITY;
      observer.hookAsked(verdict.verdict);
      if (verdict.verdict === "refuse") throw refusalOf(verdict.code, verdict.reason);
      return wanted;
    } catch (error) {
      if (error instanceof Refusal && error.code === "REFUSED_BY_HOOK") throw error;
      failures += 1;
      rest();
      observer.hookFailed("beforeSend", error instanceof Error ? error.message : String(error));
      return unanswered(hook, question);
    }
  }

  return async (viewer, reach, question) => {
    const { content, customData, push } = question;
    if (isAdmin(viewer) && !hook.asksAboutAdmins) return { content, customData, push, reach };
    const wanted = await ask(hook, question);
    const facts = await store.sendFacts(question.senderId, question.recipientId, null);
    if (facts.sender === null) throw new Refusal("SENDER_NOT_FOUND", "The sender is not there any more.");
    recipientOf(facts);
    return {
      content: wanted.content,
      customData: wanted.customData,
      push: wanted.push,
      reach: mayReach(core, viewer, facts),
    };
  };
}
