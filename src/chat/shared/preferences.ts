/** What the user has chosen of how the page looks and behaves, kept on this device and shared by its tabs. */
import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

export interface Preferences {
  readonly theme: Theme;
  /** Null: as the browser says. */
  readonly language: string | null;
  /** Whether media of other hosts is loaded without asking. */
  readonly media: "ask" | "always";
}

const KEY = "parley:preferences";
const DEFAULTS: Preferences = { theme: "system", language: null, media: "ask" };

function parse(text: string | null): Preferences {
  try {
    const kept: Partial<Preferences> = JSON.parse(text ?? "{}");
    return { ...DEFAULTS, ...kept };
  } catch {
    return DEFAULTS;
  }
}

function read(): Preferences {
  try {
    return parse(localStorage.getItem(KEY));
  } catch {
    // A browser that keeps nothing.
    return DEFAULTS;
  }
}

let current = read();
const listeners = new Set<() => void>();

function take(next: Preferences): void {
  current = next;
  for (const listener of listeners) listener();
}

addEventListener("storage", ({ key, newValue }) => {
  if (key === KEY) take(parse(newValue));
});

export const preferences = {
  getSnapshot: () => current,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  change(change: Partial<Preferences>): void {
    take({ ...current, ...change });
    try {
      localStorage.setItem(KEY, JSON.stringify(current));
    } catch {
      // It holds for this page.
    }
  },
};

export function usePreferences(): Preferences {
  return useSyncExternalStore(preferences.subscribe, preferences.getSnapshot);
}

/** Keeps the page in the colours that were chosen. */
export function followTheme(): void {
  const show = () => {
    document.documentElement.dataset.theme = current.theme;
  };
  show();
  listeners.add(show);
}
