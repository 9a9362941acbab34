/** To write to somebody new: by id, or a friend. */
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../../client/index.ts";
import { Avatar } from "../shared/avatar.tsx";
import { useChat } from "../shared/chat-context.ts";
import { Dialog } from "../shared/dialog.tsx";
import { nameOf } from "../shared/names.ts";
import { Problem } from "../shared/problem.tsx";
import { useReason } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { openConversation } from "../shell/route.ts";
import styles from "./new-conversation.module.css";

export function NewConversation({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const { t } = useTranslation();
  const reasonOf = useReason();
  const [id, setId] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [friends, setFriends] = useState<readonly User[]>([]);
  useEffect(() => {
    let gone = false;
    chat.people.friends().then(
      (found) => {
        if (!gone) setFriends(found);
      },
      // It can be written to by id all the same.
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [chat]);

  const open = (user: string) => {
    onClose();
    openConversation(user);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wanted = id.trim();
    if (wanted === chat.user) return setProblem(t("newConversation.yourself"));
    setBusy(true);
    try {
      const user = await chat.people.get(wanted);
      if (user === null) setProblem(t("newConversation.nobody", { id: wanted }));
      else open(user.id);
    } catch (error) {
      setProblem(reasonOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog title={t("newConversation.title")} onClose={onClose}>
      <form className={ui.form} onSubmit={(event) => void submit(event)}>
        <label className={ui.field}>
          {t("newConversation.label")}
          <input
            value={id}
            required
            maxLength={128}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            placeholder={t("newConversation.hint")}
            onChange={(event) => {
              setId(event.target.value);
              setProblem(null);
            }}
          />
        </label>
        <Problem reason={problem} />
        <div className={ui.actions}>
          <button type="submit" className={`${ui.button} ${ui.primary}`} disabled={busy}>
            {t("newConversation.open")}
          </button>
        </div>
      </form>
      {friends.length > 0 && (
        <>
          <h3 className={styles.heading}>{t("newConversation.friends")}</h3>
          <ul>
            {friends.map((friend) => (
              <li key={friend.id}>
                <button type="button" className={styles.friend} onClick={() => open(friend.id)}>
                  <Avatar of={friend} size="small" online={friend.online === true} />
                  <span>{nameOf(friend)}</span>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </Dialog>
  );
}
