/** Keys that work everywhere on the page, but for those that one writes with. */
import { useEffect, useRef } from "react";

export interface Shortcuts {
  readonly search: () => void;
  readonly startNew: () => void;
  readonly help: () => void;
  readonly next: () => void;
  readonly previous: () => void;
  readonly back: () => void;
}

function writes(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}

export function useShortcuts(shortcuts: Shortcuts): void {
  const now = useRef(shortcuts);
  now.current = shortcuts;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open], [role=menu]")) return;
      const { altKey, ctrlKey, metaKey, key, target } = event;
      const act = (run: () => void) => {
        event.preventDefault();
        run();
      };
      if (altKey && !ctrlKey && !metaKey) {
        if (key === "ArrowDown") act(now.current.next);
        else if (key === "ArrowUp") act(now.current.previous);
        else if (event.code === "KeyM")
          act(() => document.querySelector<HTMLElement>("article[tabindex='0']")?.focus());
        else if (event.code === "KeyN") act(now.current.startNew);
        return;
      }
      if ((ctrlKey || metaKey) && key.toLowerCase() === "k") act(now.current.search);
      else if (key === "Escape") act(now.current.back);
      else if (writes(target) || ctrlKey || metaKey) return;
      else if (key === "?") act(now.current.help);
      else if (key === "/") act(now.current.search);
      else if (key === "i") act(() => document.querySelector<HTMLElement>("form textarea")?.focus());
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);
}
