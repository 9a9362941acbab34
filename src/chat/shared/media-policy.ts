/**
 * Media lies where its sender has put it. Loading it tells that host who reads, so the page asks first, unless it is
 * this server's own or the user has said otherwise.
 */
import { useSyncExternalStore } from "react";
import { usePreferences } from "./preferences.ts";

/** URLs that the user has let in, for as long as the page lives. */
const allowed = new Set<string>();
const listeners = new Set<() => void>();
let version = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function allowMedia(url: string): void {
  allowed.add(url);
  version += 1;
  for (const listener of listeners) listener();
}

export function isWebUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

/** Whether this may be loaded now. */
export function useMediaAllowed(url: string): boolean {
  const { media } = usePreferences();
  useSyncExternalStore(subscribe, () => version);
  if (!isWebUrl(url)) return false;
  return media === "always" || new URL(url).origin === location.origin || allowed.has(url);
}
