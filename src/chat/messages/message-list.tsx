/**
 * The messages of a conversation: as many rows as fit are in the page, older ones come as they are scrolled to, and
 * what one reads stays where it is whatever comes above or below.
 */

import { type KeyboardEvent, type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Components, Virtuoso, type VirtuosoHandle } from "react-virtuoso";
import type { MessageListSnapshot } from "../../client/index.ts";
import { useChat, useConnection, useConversation } from "../shared/chat-context.ts";
import { useFormat } from "../shared/format.ts";
import { ArrowDown } from "../shared/icons.ts";
import styles from "./message-list.module.css";
import type { PeerContext } from "./peer-context.ts";
import { RowView } from "./row.tsx";
import { type Placed, place, type Row, toRows, type Unread } from "./rows.ts";

/** Messages that are fetched when the oldest comes near. */
const MORE = 100;
/** Rows above the first in the page at which it is time for that. */
const NEAR_TOP = 40;
/** Pixels from the end within which the list follows what comes. */
const NEAR_END = 120;

interface ListContext {
  readonly label: string;
  readonly beginning: string | null;
  readonly older: string | null;
}

const components: Components<Row, ListContext> = {
  Header: ({ context }) => (
    <div className={styles.top} role="none">
      {context.beginning ?? context.older ?? ""}
    </div>
  ),
  Footer: () => <div className={styles.end} role="none" />,
  List: ({ context, ref, children, ...props }) => (
    // biome-ignore lint/a11y/useSemanticElements: the library places the rows in boxes of its own
    <div {...props} ref={ref} role="list" aria-label={context.label}>
      {children}
    </div>
  ),
  Item: ({ context: _context, item: _item, children, ...props }) => (
    // biome-ignore lint/a11y/useSemanticElements: as above
    <div {...props} role="listitem">
      {children}
    </div>
  ),
};

/** Rows that keep their numbers from one snapshot to the next. */
function usePlacedRows(
  { messages, hasMore }: MessageListSnapshot,
  unread: Unread | null,
  around: RefObject<number | null>,
): Placed {
  const before = useRef<Placed | null>(null);
  return useMemo(() => {
    before.current = place(toRows(messages, unread, !hasMore), before.current, around.current);
    return before.current;
  }, [messages, hasMore, unread, around]);
}

interface MessageListProps {
  readonly peer: PeerContext;
  readonly snapshot: MessageListSnapshot;
  /** What was unread when the conversation was opened. */
  readonly unread: Unread | null;
}

export function MessageList({ peer, snapshot, unread }: MessageListProps) {
  const chat = useChat();
  const { t } = useTranslation();
  const format = useFormat();
  const { messages, hasMore, complete } = snapshot;
  const inStep = useConnection().status === "inStep";
  const around = useRef<number | null>(null);
  const { rows, firstIndex } = usePlacedRows(snapshot, unread, around);
  const unreadCount = useConversation(peer.id)?.unreadCount ?? 0;
  const handle = useRef<VirtuosoHandle>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [focused, setFocused] = useState<string | null>(null);

  // Older ones are on their way before one gets there.
  const [loadingOlder, setLoadingOlder] = useState(false);
  const [top, setTop] = useState<number | null>(null);
  const nearTop = top !== null && top - firstIndex < NEAR_TOP;
  useEffect(() => {
    if (!nearTop || !hasMore || loadingOlder || !inStep) return;
    setLoadingOlder(true);
    void chat
      .messages(peer.id)
      .loadOlder(MORE)
      .finally(() => setLoadingOlder(false));
  }, [chat, peer.id, nearTop, hasMore, loadingOlder, inStep]);

  // What is looked at has been read.
  const newestSeq = messages.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  useEffect(() => {
    const look = () => {
      if (atEnd && complete && document.visibilityState === "visible" && document.hasFocus()) {
        if (newestSeq > 0) void chat.markRead(peer.id, newestSeq).catch(() => {});
      }
    };
    look();
    addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, [chat, peer.id, atEnd, complete, newestSeq]);

  // Only what comes at the end is followed, not what fills a hole above it.
  const lastKey = rows.at(-1)?.key;
  const end = useRef({ last: lastKey, followed: lastKey });
  end.current.last = lastKey;
  const follow = useCallback((isAtBottom: boolean) => {
    const { last, followed } = end.current;
    end.current.followed = last;
    return isAtBottom && last !== followed ? "auto" : false;
  }, []);

  const toNewest = useCallback(() => handle.current?.scrollToIndex({ index: "LAST", align: "end" }), []);

  // One's own message is shown wherever one was reading.
  const newest = messages.at(-1);
  const newestKey = newest?.mine === true && newest.status === "sending" ? newest.key : null;
  useEffect(() => {
    if (newestKey === null) return;
    setFocused(null);
    toNewest();
  }, [newestKey, toNewest]);

  const showMessage = useCallback(
    (id: string) => {
      const index = rows.findIndex((row) => row.type === "message" && row.message.id === id);
      const row = rows[index];
      if (row === undefined) return;
      handle.current?.scrollToIndex({ index, align: "center", behavior: "auto" });
      setFocused(row.key);
    },
    [rows],
  );

  // Where it starts is decided once.
  const [initial] = useState(() => {
    const unread = rows.findIndex(({ type }) => type === "unread");
    return unread > 0 ? { index: unread, align: "start" as const } : { index: "LAST" as const, align: "end" as const };
  });

  const current = focused ?? rows.findLast(({ type }) => type === "message")?.key ?? null;
  const onKeyDown = (event: KeyboardEvent) => {
    const { target } = event;
    // Only where a message itself has the focus, not what is in it.
    if (!(target instanceof HTMLElement) || target.dataset.message === undefined) return;
    const keys = rows.flatMap((row) => (row.type === "message" ? [row.key] : []));
    const from = keys.indexOf(target.dataset.message);
    const steps: Partial<Record<string, number>> = {
      ArrowUp: from - 1,
      ArrowDown: from + 1,
      Home: 0,
      End: keys.length - 1,
    };
    const to = steps[event.key];
    const key = keys[Math.max(0, Math.min(keys.length - 1, to ?? -1))];
    if (to === undefined || key === undefined) return;
    event.preventDefault();
    setFocused(key);
    handle.current?.scrollIntoView({
      index: rows.findIndex((row) => row.key === key),
      done: () => document.querySelector<HTMLElement>(`[data-message="${CSS.escape(key)}"]`)?.focus(),
    });
  };

  const context: ListContext = {
    label: t("pane.messages", { name: peer.name }),
    beginning: !hasMore && complete ? t("pane.beginning") : null,
    older: hasMore ? t("pane.older") : null,
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move among the messages in it
    <div className={styles.frame} onKeyDown={onKeyDown} role="presentation">
      <Virtuoso
        ref={handle}
        className={styles.list}
        data={rows as Row[]}
        context={context}
        components={components}
        firstItemIndex={firstIndex}
        initialTopMostItemIndex={initial}
        computeItemKey={(_, row) => row.key}
        alignToBottom
        followOutput={follow}
        atBottomThreshold={NEAR_END}
        atBottomStateChange={setAtEnd}
        increaseViewportBy={{ top: 900, bottom: 300 }}
        rangeChanged={({ startIndex, endIndex }) => {
          around.current = Math.round((startIndex + endIndex) / 2);
          setTop(startIndex);
        }}
        itemContent={(_, row) => (
          <RowView row={row} peer={peer} format={format} focusable={row.key === current} onShow={showMessage} />
        )}
      />
      {!atEnd && (
        <button
          type="button"
          className={styles.toNewest}
          onClick={toNewest}
          aria-label={unreadCount > 0 ? t("pane.toNewestUnread", { count: unreadCount }) : t("pane.toNewest")}
        >
          <ArrowDown size={20} aria-hidden="true" />
          {unreadCount > 0 && <span className={styles.count}>{format.number(unreadCount)}</span>}
        </button>
      )}
    </div>
  );
}
