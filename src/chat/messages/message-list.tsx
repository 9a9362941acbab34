/**
 * The messages of a conversation: as many rows as are needed are in the page, older ones come as they are scrolled to,
 * and what one reads stays where it is whatever comes above or below.
 */

import { type KeyboardEvent, useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { MessageListSnapshot } from "../../client/index.ts";
import { BeforeChange } from "../shared/before-change.ts";
import { useConnection, useConversation } from "../shared/chat-context.ts";
import { useFormat } from "../shared/format.ts";
import { ArrowDown } from "../shared/icons.ts";
import styles from "./message-list.module.css";
import type { PeerContext } from "./peer-context.ts";
import { RowView } from "./row.tsx";
import { toRows, type Unread } from "./rows.ts";
import { useMarkRead } from "./use-mark-read.ts";
import { useOlder } from "./use-older.ts";
import { useScrolling } from "./use-scrolling.ts";

interface MessageListProps {
  readonly peer: PeerContext;
  readonly snapshot: MessageListSnapshot;
  /** What was unread when the conversation was opened. */
  readonly unread: Unread | null;
}

export function MessageList({ peer, snapshot, unread }: MessageListProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const { messages, hasMore, complete } = snapshot;
  const inStep = useConnection().status === "inStep";
  const unreadCount = useConversation(peer.id)?.unreadCount ?? 0;
  const [focused, setFocused] = useState<string | null>(null);

  const rows = useMemo(() => toRows(messages, unread, !hasMore), [messages, unread, hasMore]);
  // Where it starts is decided once.
  const [start] = useState(() => rows.find(({ type }) => type === "unread")?.key ?? null);
  const { box, span, atEnd, first, beforeChange, onScroll, toEnd, toRow } = useScrolling(rows, start);
  useOlder(peer.id, first, hasMore && inStep);

  const newestSeq = messages.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  useMarkRead(peer.id, atEnd && complete ? newestSeq : 0);

  // One's own message is shown wherever one was reading.
  const newest = messages.at(-1);
  const newestKey = newest?.mine === true && newest.status === "sending" ? newest.key : null;
  useEffect(() => {
    if (newestKey === null) return;
    setFocused(null);
    toEnd();
  }, [newestKey, toEnd]);

  const showMessage = useCallback(
    (id: string) => {
      const row = rows.find((row) => row.type === "message" && row.message.id === id);
      if (row === undefined) return;
      setFocused(row.key);
      toRow({ key: row.key, block: "center", focus: false });
    },
    [rows, toRow],
  );

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
    toRow({ key, block: "nearest", focus: true });
  };

  const inPage = rows.slice(span.from, span.to);
  const isThere = inPage.some(({ key }) => key === focused);
  const current = isThere ? focused : (inPage.findLast(({ type }) => type === "message")?.key ?? null);
  const beginning = !hasMore && complete ? t("pane.beginning") : null;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move among the messages in it
    <div className={styles.frame} onKeyDown={onKeyDown} role="presentation">
      <BeforeChange look={beforeChange} />
      <div
        ref={box}
        className={styles.list}
        role="log"
        aria-live="off"
        aria-label={t("pane.messages", { name: peer.name })}
        onScroll={onScroll}
        data-messages={peer.id}
      >
        <div className={styles.top}>{span.from > 0 ? "" : (beginning ?? (hasMore ? t("pane.older") : ""))}</div>
        <ol>
          {inPage.map((row) => (
            <li key={row.key} data-row={row.key}>
              <RowView row={row} peer={peer} format={format} focusable={row.key === current} onShow={showMessage} />
            </li>
          ))}
        </ol>
      </div>
      {!atEnd && (
        <button
          type="button"
          className={styles.toNewest}
          onClick={toEnd}
          aria-label={unreadCount > 0 ? t("pane.toNewestUnread", { count: unreadCount }) : t("pane.toNewest")}
        >
          <ArrowDown size={20} aria-hidden="true" />
          {unreadCount > 0 && <span className={styles.count}>{format.number(unreadCount)}</span>}
        </button>
      )}
    </div>
  );
}
