import type { Media } from "../../src/engine/core.ts";
import { DEFAULT_MEDIA } from "../../src/server/media-options.ts";

function unused(): never {
  throw new Error("nothing is uploaded here");
}

/** For an engine to which nothing is uploaded. */
export const noMedia: Media = {
  files: { free: unused, received: unused, keep: unused, remove: unused, ids: unused },
  keys: { endpoint: "", ticket: unused, link: unused },
  rules: DEFAULT_MEDIA.rules,
};
