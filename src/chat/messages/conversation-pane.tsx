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
import type { Unread } from "./rows.ts";
import { useFileDrop } from "./use-file-drop.ts";

/** What was unread when the conversation was opened; null where nothing was. */
function useUnreadAtOpening(peer: string): Unread | null {
  const conversation = useConversation(peer);
  const [atOpening, setAtOpening] = useState<Unread | null | undefined>(undefined);
  if (atOpening === undefined && conversation !== null) {
    const { unreadCount, readSeq, lastMessage } = conversation;
    setAtOpening(unreadCount > 0 ? { readSeq, lastSeq: lastMessage?.seq ?? Number.POSITIVE_INFINITY } : null);
  }
  return atOpening ?? null;
}

/** Messages that are there before the first are shown, and milliseconds that they are waited for. */
const AT_FIRST = 60;
const PATIENCE = 500;

/** Whether there is enough to begin with: a list that grows while one begins to scroll it would jump. */
function useReady(peer: string): boolean {
  const list = useChat().messages(peer);
  const [ready, setReady] = useState(false);
  useEffect(() => {
    const begin = () => setReady(true);
    const timer = setTimeout(begin, PATIENCE);
    void list.loadOlder(AT_FIRST).finally(begin);
    return () => clearTimeout(timer);
  }, [list]);
  return ready;
}

/** Where to go on writing: an answer to a message, or other words for one. */
export type Draft = { readonly for: "reply" | "edit"; readonly message: Message } | null;

export function ConversationPane({ peer: id }: { readonly peer: string }) {
  const { t } = useTranslation();
  const conversation = useConversation(id);
  const { status } = useConnection();
  const snapshot = useObservable(useChat().messages(id));
  const person = usePerson(id);
  const unread = useUnreadAtOpening(id);
  const ready = useReady(id);
  const [draft, setDraft] = useState<Draft>(null);
  const [files, setFiles] = useState<readonly File[]>([]);
  const drop = useFileDrop(id === "system" ? null : setFiles);
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
    <section className={styles.pane} aria-label={peer.name} {...drop.handlers}>
      {drop.isOver && <div className={styles.drop}>{t("attach.drop", { name: peer.name })}</div>}
      <PaneHeader peer={peer} person={person} typing={snapshot.peerTyping} />
      <ConnectionBanner />
      {ready && messages.length > 0 ? (
        <MessageList peer={peer} snapshot={snapshot} unread={unread} />
      ) : (
        <div className={styles.empty}>
          {complete && messages.length === 0 ? (
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
        <Composer
          ref={composer}
          peer={peer}
          draft={draft}
          onDraft={setDraft}
          files={files}
          onFiles={setFiles}
          onEditLast={editLast}
        />
      )}
    </section>
  );
}
