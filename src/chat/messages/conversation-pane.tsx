/** An open conversation: who it is with, its messages, and the box to write in. */
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "../../client/index.ts";
import { Composer, type ComposerHandle } from "../composer/composer.tsx";
import { useChat, useConnection, useConversation, useObservable } from "../shared/chat-context.ts";
import { nameOf } from "../shared/names.ts";
import { usePerson } from "../shared/use-person.ts";
import { ConnectionBanner } from "../shell/connection-banner.tsx";
import styles from "./conversation-pane.module.css";
import { MessageList } from "./message-list.tsx";
import { PaneHeader } from "./pane-header.tsx";
import type { PeerContext } from "./peer-context.ts";

/** The seq behind which messages were unread when the conversation was opened; null where none were. */
function useUnreadAfter(peer: string): number | null {
  const conversation = useConversation(peer);
  const [atOpening, setAtOpening] = useState<number | null | undefined>(undefined);
  if (atOpening === undefined && conversation !== null) {
    setAtOpening(conversation.unreadCount > 0 ? conversation.readSeq : null);
  }
  return atOpening ?? null;
}

/** Where to go on writing: an answer to a message, or other words for one. */
export type Draft = { readonly for: "reply" | "edit"; readonly message: Message } | null;

export function ConversationPane({ peer: id }: { readonly peer: string }) {
  const chat = useChat();
  const { t } = useTranslation();
  const conversation = useConversation(id);
  const { status } = useConnection();
  const snapshot = useObservable(chat.messages(id));
  const person = usePerson(id);
  const unreadAfter = useUnreadAfter(id);
  const [draft, setDraft] = useState<Draft>(null);
  const composer = useRef<ComposerHandle>(null);
  const { messages, complete } = snapshot;

  const held = useRef(messages);
  held.current = messages;
  const known = conversation?.peer ?? person.user ?? null;
  const { nickname = null, avatarUrl = null } = known ?? {};
  const write = useCallback((next: Draft) => {
    setDraft(next);
    composer.current?.focus();
  }, []);
  const peer = useMemo<PeerContext>(
    () => ({
      id,
      name: id === "system" ? t("notices.system") : nameOf({ id, nickname }),
      profile: { id, nickname, avatarUrl },
      reply: (message) => write({ for: "reply", message }),
      edit: (message) => write({ for: "edit", message }),
      find: (wanted) => held.current.find((message) => message.id === wanted) ?? null,
    }),
    [id, nickname, avatarUrl, t, write],
  );

  useEffect(() => {
    // A phone's keyboard would hide what one came to read.
    if (matchMedia("(hover: hover)").matches) composer.current?.focus();
  }, []);

  const editLast = () => {
    const last = messages.findLast(({ mine, content, seq }) => mine && seq !== null && content?.type === "TEXT");
    if (last !== undefined) write({ for: "edit", message: last });
  };

  return (
    <section className={styles.pane} aria-label={peer.name}>
      <PaneHeader peer={peer} person={person} typing={snapshot.peerTyping} />
      <ConnectionBanner />
      {messages.length > 0 ? (
        <MessageList peer={peer} snapshot={snapshot} unreadAfter={unreadAfter} />
      ) : (
        <div className={styles.empty}>
          {complete ? (
            <p>{t("pane.sayHello", { name: peer.name })} 👋</p>
          ) : (
            <p>{status === "offline" ? t("pane.nothingHere") : t("pane.loading")}</p>
          )}
        </div>
      )}
      <div className={styles.typing} aria-hidden="true">
        {snapshot.peerTyping && (
          <>
            <span className={styles.dots}>
              <i />
              <i />
              <i />
            </span>
            {t("pane.typing", { name: peer.name })}
          </>
        )}
      </div>
      {id !== "system" && (
        <Composer ref={composer} peer={peer} draft={draft} onDraft={setDraft} onEditLast={editLast} />
      )}
    </section>
  );
}
