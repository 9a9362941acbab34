/** One message of a person: its bubble, what it answers, its time and state, and what can be done with it. */

import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "../../client/index.ts";
import { Avatar } from "../shared/avatar.tsx";
import { useChat } from "../shared/chat-context.ts";
import type { Format } from "../shared/format.ts";
import { RotateCcw, Trash2 } from "../shared/icons.ts";
import { useReason, useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { ContentView } from "./content/content-view.tsx";
import { isBare } from "./content/is-bare.ts";
import { Delivery } from "./delivery.tsx";
import { MessageMenu, useMessageActions } from "./message-menu.tsx";
import styles from "./message-view.module.css";
import type { PeerContext } from "./peer-context.ts";
import type { Row } from "./rows.ts";
import { useSummary } from "./summary.ts";
import { UploadBar } from "./upload-bar.tsx";

interface MessageViewProps {
  readonly row: Extract<Row, { readonly type: "message" }>;
  readonly peer: PeerContext;
  readonly format: Format;
  readonly focusable: boolean;
  readonly onShow: (id: string) => void;
}

export function MessageView({ row, peer, format, focusable, onShow }: MessageViewProps) {
  const { message, first, last } = row;
  const { mine, sentAt, content } = message;
  const { t } = useTranslation();
  const summarise = useSummary();
  const [menuOpen, setMenuOpen] = useState(false);
  const article = useRef<HTMLElement>(null);
  const actions = useMessageActions(message, peer);
  const time = format.time(sentAt);
  const text = summarise(message);
  const said = mine ? t("pane.fromYou", { time, text }) : t("pane.from", { name: peer.name, time, text });
  const label = mine ? `${said} — ${t(`message.status.${message.status}`)}` : said;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = event.key === "Enter" || event.key === "ContextMenu" ? () => setMenuOpen(true) : keyed(event.key);
    if (action === undefined) return;
    event.preventDefault();
    action();
  };
  const keyed = (key: string) => actions.find(({ shortcut }) => shortcut === key.toLowerCase())?.run;

  const side = mine ? styles.mine : styles.theirs;
  const shape = `${first ? styles.first : ""} ${last ? styles.last : ""}`;
  return (
    // The arrow keys move between messages, and Enter opens what can be done with one.
    <article
      ref={article}
      className={`${styles.message} ${side} ${shape}`}
      data-message={message.key}
      data-status={message.status}
      tabIndex={focusable ? 0 : -1}
      aria-label={label}
      onKeyDown={onKeyDown}
      onContextMenu={(event) => {
        // Selected text and links have the browser's own menu.
        if (getSelection()?.isCollapsed === false || (event.target as Element).closest("a, audio, video")) return;
        event.preventDefault();
        if (actions.length > 0) setMenuOpen(true);
      }}
    >
      {!mine && <div className={styles.face}>{last && <Avatar of={peer.profile} size="small" />}</div>}
      <div className={styles.column}>
        <div className={styles.line}>
          <div
            className={`${styles.bubble} ${content !== null && isBare(content) ? styles.bare : ""}`}
            data-kind={content?.type}
          >
            {message.replyTo !== null && <Quote message={message} peer={peer} onShow={onShow} />}
            {content === null ? (
              <em className={styles.recalled}>
                {mine ? t("message.youRecalled") : t("message.recalled", { name: peer.name })}
              </em>
            ) : (
              <ContentView message={message} content={content} format={format} />
            )}
            {message.uploading && <UploadBar message={message} />}
            <span className={styles.meta}>
              {message.editedAt !== null && content !== null && <span>{t("message.edited")}</span>}
              <time dateTime={sentAt} title={format.exact(sentAt)}>
                {time}
              </time>
              {mine && <Delivery status={message.status} />}
            </span>
          </div>
          <MessageMenu
            actions={actions}
            open={menuOpen}
            onOpenChange={setMenuOpen}
            align={mine ? "end" : "start"}
            focusAfter={() => article.current}
          />
        </div>
        {message.status === "failed" && <Failed message={message} peer={peer} />}
      </div>
    </article>
  );
}

function Quote({ message, peer, onShow }: Pick<MessageViewProps, "peer" | "onShow"> & { readonly message: Message }) {
  const { t } = useTranslation();
  const chat = useChat();
  const summarise = useSummary();
  const { replyTo } = message;
  if (replyTo === null) return null;
  const original = peer.find(replyTo.id);
  const sender = original?.sender ?? replyTo.sender;
  const text = original !== null ? summarise(original) : (replyTo.summary ?? t("message.recalledShort"));
  return (
    <button type="button" className={styles.quote} tabIndex={-1} onClick={() => onShow(replyTo.id)}>
      <span className="visually-hidden">{t("message.replyTo", { name: "" })}</span>
      <strong>{sender === chat.user ? t("message.yourself") : peer.name}</strong>
      <span>{text}</span>
    </button>
  );
}

function Failed({ message, peer }: { readonly message: Message; readonly peer: PeerContext }) {
  const chat = useChat();
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const reasonOf = useReason();
  return (
    <div className={styles.failed}>
      <span>{t("message.notSent", { reason: reasonOf(message.error, peer.name) })}</span>
      <button type="button" className={`${ui.button} ${ui.small}`} onClick={() => attempt(() => chat.retry(message))}>
        <RotateCcw size={15} aria-hidden="true" />
        {t("message.retry")}
      </button>
      <button type="button" className={`${ui.button} ${ui.small}`} onClick={() => attempt(() => chat.discard(message))}>
        <Trash2 size={15} aria-hidden="true" />
        {t("message.discard")}
      </button>
    </div>
  );
}
