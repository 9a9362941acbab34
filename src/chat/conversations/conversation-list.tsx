/** All conversations, pinned first, then the newest. */

import { type Ref, useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useConnection, useConversations } from "../shared/chat-context.ts";
import { useFormat } from "../shared/format.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { MessageSquarePlus, Search, X } from "../shared/icons.ts";
import { nameOf } from "../shared/names.ts";
import { moveInList } from "../shared/roving.ts";
import ui from "../shared/ui.module.css";
import { useTypingPeers } from "../shared/use-typing.ts";
import { AccountMenu } from "../shell/account-menu.tsx";
import { ConversationItem } from "./conversation-item.tsx";
import styles from "./conversation-list.module.css";

interface ConversationListProps {
  readonly open: string | null;
  readonly searchRef: Ref<HTMLInputElement>;
  readonly onNew: () => void;
  readonly onDialog: (dialog: "profile" | "people" | "settings" | "shortcuts") => void;
}

export function ConversationList({ open, searchRef, onNew, onDialog }: ConversationListProps) {
  const { user } = useChat();
  const { t } = useTranslation();
  const format = useFormat();
  const conversations = useConversations();
  const { status } = useConnection();
  const typing = useTypingPeers();
  const [wanted, setWanted] = useState("");
  const needle = useDeferredValue(wanted).trim().toLocaleLowerCase();
  const shown = conversations.filter(({ peer }) => `${nameOf(peer)} ${peer.id}`.toLocaleLowerCase().includes(needle));
  const stop = shown.some(({ peer }) => peer.id === open) ? open : shown[0]?.peer.id;

  return (
    <nav className={styles.pane} aria-label={t("conversations.title")}>
      <header className={styles.header}>
        <AccountMenu user={user} onDialog={onDialog} />
        <h1 className={styles.title}>{t("conversations.title")}</h1>
        <IconButton icon={MessageSquarePlus} label={t("conversations.new")} onClick={onNew} />
      </header>
      <search className={styles.search}>
        <Search size={17} aria-hidden="true" />
        <input
          ref={searchRef}
          value={wanted}
          placeholder={t("conversations.search")}
          aria-label={t("conversations.search")}
          onChange={(event) => setWanted(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && wanted !== "") {
              event.stopPropagation();
              setWanted("");
            }
          }}
        />
        {wanted !== "" && <IconButton icon={X} label={t("composer.cancel")} onClick={() => setWanted("")} />}
      </search>
      {shown.length > 0 ? (
        <ul className={styles.list} onKeyDown={moveInList}>
          {shown.map((conversation) => (
            <ConversationItem
              key={conversation.peer.id}
              conversation={conversation}
              format={format}
              typing={typing.has(conversation.peer.id)}
              current={conversation.peer.id === open}
              focusable={conversation.peer.id === stop}
            />
          ))}
        </ul>
      ) : (
        <div className={styles.empty}>
          {needle !== "" && <p>{t("conversations.noMatch")}</p>}
          {needle === "" && (status === "connecting" || status === "catchingUp") && <p>{t("conversations.loading")}</p>}
          {needle === "" && (status === "inStep" || status === "offline") && (
            <>
              <MessageSquarePlus size={44} strokeWidth={1.4} aria-hidden="true" />
              <h2>{t("conversations.none")}</h2>
              <p>{t("conversations.noneHint")}</p>
              <button type="button" className={`${ui.button} ${ui.primary}`} onClick={onNew}>
                {t("conversations.new")}
              </button>
            </>
          )}
        </div>
      )}
    </nav>
  );
}
