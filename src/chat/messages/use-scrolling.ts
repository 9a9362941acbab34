/**
 * Scrolling through rows of which only some are in the page. They lie there as they are, one below the other, and
 * nothing is guessed of how high the others may be: where rows come or go above what one reads, it is seen how far that
 * has moved it, and the list is scrolled by as much.
 */
import { type RefObject, useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import { isScarce, type Span, spanAround } from "./span.ts";

/** Pixels from the end within which the list follows what comes. */
const NEAR_END = 120;

interface Keyed {
  readonly key: string;
}

/** A row in sight, and how far below the beginning of what is in the page it lies. */
interface Seen {
  readonly key: string;
  readonly offset: number;
}

/** Where to go once it is in the page. */
interface Target {
  readonly key: string;
  readonly block: ScrollLogicalPosition;
  readonly focus: boolean;
}

export interface Scrolling {
  /** Of the box that scrolls, with the rows in a list in it, each with its key as `data-row`. */
  readonly box: RefObject<HTMLDivElement | null>;
  readonly span: Span;
  /** Whether the list follows what comes. */
  readonly atEnd: boolean;
  /** The place of the first row in sight. */
  readonly first: number;
  /** To be called before the page changes. */
  readonly beforeChange: () => void;
  readonly onScroll: () => void;
  readonly toEnd: () => void;
  readonly toRow: (target: Target) => void;
}

function rowsOf(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>("[data-row]")];
}

/** @param start the key of the row to begin at; null: the end */
export function useScrolling(rows: readonly Keyed[], start: string | null): Scrolling {
  const box = useRef<HTMLDivElement>(null);
  const target = useRef<Target | null>(start === null ? null : { key: start, block: "start", focus: false });
  const seen = useRef<readonly Seen[]>([]);
  const lastTop = useRef(0);
  const following = useRef(start === null);
  const [atEnd, setAtEnd] = useState(start === null);
  const [around, setAround] = useState<readonly string[] | null>(start === null ? null : [start]);
  const [first, setFirst] = useState(0);

  const keys = useMemo(() => rows.map(({ key }) => key), [rows]);
  const span = useMemo(() => spanAround(keys, around), [keys, around]);

  /** Notes what is in sight, and whether one has gone up from the end. @returns its places among the rows */
  const note = useCallback((): Span => {
    const { current: list } = box;
    if (list === null) return span;
    const distance = list.scrollHeight - list.scrollTop - list.clientHeight;
    // What grows below takes one away from the end too: only who goes up does not want to follow.
    if (distance <= NEAR_END && span.to === keys.length) following.current = true;
    else if (list.scrollTop < lastTop.current) following.current = false;
    lastTop.current = list.scrollTop;
    const { top, bottom } = list.getBoundingClientRect();
    const inSight: Seen[] = [];
    let above = 0;
    for (const row of rowsOf(list)) {
      const place = row.getBoundingClientRect();
      if (place.bottom <= top) above += 1;
      else if (place.top < bottom)
        inSight.push({ key: row.dataset.row ?? "", offset: place.top - top + list.scrollTop });
    }
    seen.current = inSight;
    return { from: span.from + above, to: span.from + above + inSight.length };
  }, [span, keys]);

  /** As `note`; and has more put into the page where that is due. */
  const look = useCallback(() => {
    const inSight = note();
    setFirst(inSight.from);
    setAtEnd(following.current);
    const scarce = isScarce(span, keys.length, inSight);
    setAround((before) => {
      if (following.current) return null;
      return before === null || scarce ? seen.current.map(({ key }) => key) : before;
    });
  }, [note, span, keys]);

  /** What one reads stays where it is. @param from how far the list was scrolled before anything moved */
  const stay = useCallback(
    (from: number) => {
      const { current: list } = box;
      if (list === null) return;
      const { current: to } = target;
      const places = new Map(rowsOf(list).map((row) => [row.dataset.row, row]));
      const row = to === null ? undefined : places.get(to.key);
      if (to !== null && row !== undefined) {
        target.current = null;
        row.scrollIntoView({ block: to.block, behavior: "instant" });
        if (to.focus) row.querySelector<HTMLElement>("[data-message]")?.focus({ preventScroll: true });
      } else if (following.current) {
        list.scrollTop = list.scrollHeight;
      } else {
        const kept = seen.current.find(({ key }) => places.has(key));
        const now = places.get(kept?.key)?.getBoundingClientRect().top;
        if (kept !== undefined && now !== undefined) {
          const offset = now - list.getBoundingClientRect().top + list.scrollTop;
          if (offset !== kept.offset) list.scrollTop = from + offset - kept.offset;
        }
      }
      lastTop.current = list.scrollTop;
      look();
    },
    [look],
  );

  // A list that gets shorter is scrolled to its new end by the browser, so that it is noted before.
  const scrolled = useRef(0);
  const beforeChange = () => {
    note();
    scrolled.current = box.current?.scrollTop ?? 0;
  };
  useLayoutEffect(() => stay(scrolled.current));

  // Pictures that come late, and a window that changes its size.
  const stayNow = useRef(stay);
  stayNow.current = stay;
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => stayNow.current(box.current?.scrollTop ?? 0));
    const { current: list } = box;
    for (const element of [list, list?.querySelector("ol")]) if (element != null) observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const toEnd = useCallback(() => {
    following.current = true;
    setAtEnd(true);
    setAround(null);
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, []);

  const toRow = useCallback((to: Target) => {
    target.current = to;
    following.current = false;
    setAtEnd(false);
    setAround([to.key]);
  }, []);

  return { box, span, atEnd, first, beforeChange, onScroll: look, toEnd, toRow };
}
