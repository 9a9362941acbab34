import type { en } from "./en.ts";

/** What every language must say: the keys of English. */
export type Translation = typeof en;
