/** A conversation in the list. */

import { memo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Conversation } from "../../client/index.ts";
import { keptDraft, watchDrafts } from "../composer/drafts.ts";
import { Delivery } from "../messages/delivery.tsx";
import { useSummary } from "../messages/summary.ts";
import { Avatar } from "../shared/avatar.tsx";
import type { Format } from "../shared/format.ts";
import { BellOff, Pin } from "../shared/icons.ts";
import { nameOf } from "../shared/names.ts";
import { hrefOf } from "../shell/route.ts";
import styles from "./conversation-item.module.css";

interface ConversationItemProps {
  readonly conversation: Conversation;
  readonly format: Format;
  readonly typing: boolean;
  readonly current: boolean;
  readonly focusable: boolean;
}

export const ConversationItem = memo(function ConversationItem(props: ConversationItemProps) {
  const { conversation, format, typing, current, focusable } = props;
  const { peer, lastMessage, unreadCount, pinned, muted } = conversation;
  const { t } = useTranslation();
  const summarise = useSummary();
  const draft = useSyncExternalStore(watchDrafts, () => keptDraft(peer.id));
  const name = peer.id === "system" ? t("notices.system") : nameOf(peer);

  const preview = () => {
    if (typing) return <span className={styles.typing}>{t("conversations.typing")}</span>;
    if (draft !== "" && !current)
      return <span className={styles.draft}>{t("conversations.draft", { text: draft })}</span>;
    if (lastMessage === null) return t("conversations.empty");
    const text = summarise(lastMessage);
    return lastMessage.mine ? t("conversations.you", { text }) : text;
  };

  return (
    <li>
      <a
        className={styles.item}
        href={hrefOf(peer.id)}
        data-item
        data-unread={unreadCount > 0}
        aria-current={current ? "page" : undefined}
        tabIndex={focusable ? 0 : -1}
      >
        <Avatar of={peer} />
        <span className={styles.text}>
          <span className={styles.line}>
            <span className={styles.name}>{name}</span>
            {muted && <BellOff size={14} aria-label={t("conversations.muted")} role="img" />}
            {lastMessage !== null && (
              <time className={styles.time} dateTime={lastMessage.sentAt}>
                {format.brief(lastMessage.sentAt)}
              </time>
            )}
          </span>
          <span className={styles.line}>
            {lastMessage?.mine === true && !typing && <Delivery status={lastMessage.status} />}
            <span className={styles.preview}>{preview()}</span>
            {pinned && <Pin size={14} aria-label={t("conversations.pinned")} role="img" />}
            {unreadCount > 0 && (
              <span className={styles.unread} data-muted={muted}>
                <span aria-hidden="true">{format.number(unreadCount)}</span>
                <span className="visually-hidden">{t("conversations.unread", { count: unreadCount })}</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
});
