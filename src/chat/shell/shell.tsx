/** The page of somebody who is signed in: the conversations, and the open one beside them or, on a phone, instead. */
import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { ConversationList } from "../conversations/conversation-list.tsx";
import { NewConversation } from "../conversations/new-conversation.tsx";
import { ConversationPane } from "../messages/conversation-pane.tsx";
import { PeopleDialog } from "../people/people-dialog.tsx";
import { ProfileDialog } from "../people/profile-dialog.tsx";
import { useChat, useConversations } from "../shared/chat-context.ts";
import { useReason, useToasts } from "../shared/toasts.tsx";
import { Announcer } from "./announcer.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { closeConversation, openConversation, useOpenPeer } from "./route.ts";
import { SettingsDialog } from "./settings-dialog.tsx";
import styles from "./shell.module.css";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { Welcome } from "./welcome.tsx";

type DialogName = "new" | "profile" | "people" | "settings" | "shortcuts";

/** What went wrong in the background is said once; nothing can be done about it here. */
function useErrors(): void {
  const chat = useChat();
  const { say } = useToasts();
  const reasonOf = useReason();
  useEffect(
    () =>
      chat.on("error", (error) => {
        if (error.code !== "OFFLINE") say(reasonOf(error));
      }),
    [chat, say, reasonOf],
  );
}

function useTitle(): void {
  const unread = useConversations().reduce((sum, { unreadCount, muted }) => sum + (muted ? 0 : unreadCount), 0);
  useEffect(() => {
    document.title = unread > 0 ? `(${unread}) Parley` : "Parley";
  }, [unread]);
}

export function Shell() {
  const { t } = useTranslation();
  const peer = useOpenPeer();
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const conversations = useConversations();
  useErrors();
  useTitle();

  const step = (by: number) => {
    const ids = conversations.map((conversation) => conversation.peer.id);
    const next = ids[(peer === null ? -1 : ids.indexOf(peer)) + by] ?? (peer === null ? ids[0] : undefined);
    if (next !== undefined) openConversation(next);
  };
  useShortcuts({
    search: () => {
      closeOnPhone();
      search.current?.focus();
    },
    startNew: () => setDialog("new"),
    help: () => setDialog("shortcuts"),
    next: () => step(1),
    previous: () => step(-1),
    back: () => {
      if (peer === null) return;
      closeConversation();
      document.querySelector<HTMLElement>("[data-item][tabindex='0']")?.focus();
    },
  });
  const close = useCallback(() => setDialog(null), []);

  return (
    <div className={styles.shell} data-open={peer !== null}>
      <div className={styles.side}>
        <ConversationList open={peer} searchRef={search} onNew={() => setDialog("new")} onDialog={setDialog} />
      </div>
      <main className={styles.main} aria-label={peer === null ? t("pane.choose") : undefined}>
        {peer === null ? (
          <>
            <ConnectionBanner />
            <Welcome />
          </>
        ) : (
          <ConversationPane key={peer} peer={peer} />
        )}
      </main>
      <Announcer open={peer} />
      {dialog === "new" && <NewConversation onClose={close} />}
      {dialog === "profile" && <ProfileDialog onClose={close} />}
      {dialog === "people" && <PeopleDialog onClose={close} />}
      {dialog === "settings" && <SettingsDialog onClose={close} />}
      {dialog === "shortcuts" && <ShortcutsDialog onClose={close} />}
    </div>
  );
}

function closeOnPhone(): void {
  if (matchMedia("(max-width: 720px)").matches) closeConversation();
}
