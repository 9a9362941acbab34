/** The status page for admins, at `/status`. */
import { type BuiltPage, createBuiltPage } from "./built-page.ts";

/** Nothing runs or is shown but the page's own files, and they talk to this server alone. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** @param developmentTokens whether the page may sign in as an admin by itself */
export function createStatusPage(developmentTokens: boolean): BuiltPage {
  const where = { folder: "status", path: "/status", assets: "/status/assets/" };
  return createBuiltPage({ ...where, name: "status", policy: POLICY, developmentTokens });
}
