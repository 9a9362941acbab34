/** What the system says: on its own in the middle, with what can be done about it. */

import { useTranslation } from "react-i18next";
import type { Message, MessageContent } from "../../client/index.ts";
import { useChat } from "../shared/chat-context.ts";
import type { Format } from "../shared/format.ts";
import { Bell } from "../shared/icons.ts";
import { nameOf } from "../shared/names.ts";
import { useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { usePerson } from "../shared/use-person.ts";
import styles from "./notice.module.css";
import { useSummary } from "./summary.ts";

interface NoticeViewProps {
  readonly message: Message;
  readonly content: Extract<MessageContent, { readonly type: "NOTICE" }>;
  readonly focusable: boolean;
  readonly format: Format;
}

export function NoticeView({ message, content, focusable, format }: NoticeViewProps) {
  const { t } = useTranslation();
  const summarise = useSummary();
  const { kind, title, body, subject } = content;
  const ofFriends = subject !== null && kind !== "BROADCAST" && kind !== "CUSTOM";
  const headline = ofFriends ? t(`notices.${kind}`, { name: nameOf(subject) }) : (title ?? t("notices.system"));
  return (
    <article
      className={styles.notice}
      data-message={message.key}
      data-status={message.status}
      tabIndex={focusable ? 0 : -1}
      aria-label={`${t("kinds.notice")}: ${summarise(message)}`}
    >
      <div className={styles.card}>
        <Bell size={18} aria-hidden="true" />
        <div className={styles.text}>
          <strong>{headline}</strong>
          {!ofFriends && <p>{body}</p>}
          {ofFriends && kind === "FRIEND_REQUESTED" && body !== "" && <p>{body}</p>}
          {ofFriends && kind === "FRIEND_REQUESTED" && <Answer user={subject.id} />}
        </div>
        <time dateTime={message.sentAt} title={format.exact(message.sentAt)}>
          {format.time(message.sentAt)}
        </time>
      </div>
    </article>
  );
}

/** Buttons for a request that is still open. */
function Answer({ user }: { readonly user: string }) {
  const chat = useChat();
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const { user: person, refresh } = usePerson(user);
  if (person?.friendship === "FRIENDS") return <p>{t("people.accepted")}</p>;
  if (person?.friendship !== "RECEIVED") return null;
  const answer = (change: Promise<unknown>) => attempt(() => change.finally(refresh));
  return (
    <div className={styles.answers}>
      <button
        type="button"
        className={`${ui.button} ${ui.primary} ${ui.small}`}
        onClick={() => answer(chat.people.acceptFriend(user))}
      >
        {t("people.accept")}
      </button>
      <button
        type="button"
        className={`${ui.button} ${ui.small}`}
        onClick={() => answer(chat.people.declineFriend(user))}
      >
        {t("people.decline")}
      </button>
    </div>
  );
}
