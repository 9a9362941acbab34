/** The chat page, at `/`. */
import { type BuiltPage, createBuiltPage } from "./built-page.ts";

/**
 * Nothing runs but the page's own files, and they talk to this server alone. Pictures, sounds and videos are sent by
 * URL and may lie anywhere; the page asks before it loads one from another host.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob: https: http:",
  "media-src 'self' blob: https: http:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** @param developmentTokens whether the page may offer to sign in as anybody */
export function createChatPage(developmentTokens: boolean): BuiltPage {
  const where = { folder: "chat", path: "/", assets: "/assets/" };
  return createBuiltPage({ ...where, name: "chat", policy: POLICY, developmentTokens });
}
