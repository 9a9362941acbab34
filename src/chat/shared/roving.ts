/** Arrow keys within a group that is one stop of the Tab key. */
import type { KeyboardEvent } from "react";

/** Moves the focus to a neighbour among `[data-cell]` in a grid. */
export function moveInGrid(event: KeyboardEvent<HTMLElement>, columns: number): void {
  const cells = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-cell]")];
  move(event, cells, { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns });
}

/** Moves the focus among `[data-item]` in a list. */
export function moveInList(event: KeyboardEvent<HTMLElement>): void {
  move(event, [...event.currentTarget.querySelectorAll<HTMLElement>("[data-item]")], { ArrowUp: -1, ArrowDown: 1 });
}

/** Moves the focus among `[role=tab]`, and chooses the one that gets it. */
export function moveInTabs(event: KeyboardEvent<HTMLElement>): void {
  const tabs = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")];
  move(event, tabs, { ArrowLeft: -1, ArrowRight: 1 })?.click();
}

function move(
  event: KeyboardEvent<HTMLElement>,
  items: readonly HTMLElement[],
  steps: Partial<Record<string, number>>,
): HTMLElement | null {
  const from = items.findIndex((item) => item.matches(":focus"));
  const step = steps[event.key];
  const to =
    event.key === "Home" ? 0 : event.key === "End" ? items.length - 1 : step === undefined ? null : from + step;
  if (to === null || from === -1) return null;
  event.preventDefault();
  const item = items[Math.min(Math.max(to, 0), items.length - 1)] ?? null;
  item?.focus();
  return item;
}
