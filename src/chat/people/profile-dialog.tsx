/** The user's own profile. */
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FriendPolicy } from "../../client/index.ts";
import { Avatar } from "../shared/avatar.tsx";
import { useChat } from "../shared/chat-context.ts";
import { Dialog } from "../shared/dialog.tsx";
import { useReason, useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { usePerson } from "../shared/use-person.ts";
import styles from "./user-dialog.module.css";

const POLICIES: readonly FriendPolicy[] = ["ASK", "ANYONE", "NOBODY"];

export function ProfileDialog({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const { t } = useTranslation();
  const { say } = useToasts();
  const reasonOf = useReason();
  const { user } = usePerson(chat.user);
  const [nickname, setNickname] = useState("");
  const [avatarUrl, setAvatarUrl] = useState("");
  const [policy, setPolicy] = useState<FriendPolicy>("ASK");
  const [problem, setProblem] = useState<string | null>(null);
  const loaded = user != null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: as it was when it came; later looks do not undo what is typed
  useEffect(() => {
    if (user == null) return;
    setNickname(user.nickname ?? "");
    setAvatarUrl(user.avatarUrl ?? "");
    setPolicy(user.friendPolicy ?? "ASK");
  }, [loaded]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await chat.people.updateProfile({
        nickname: nickname.trim() || null,
        avatarUrl: avatarUrl.trim() || null,
        friendPolicy: policy,
      });
      say(t("profile.saved"));
      onClose();
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  return (
    <Dialog title={t("profile.title")} onClose={onClose}>
      <form className={ui.form} onSubmit={(event) => void submit(event)}>
        <div className={styles.person}>
          <Avatar of={{ id: chat.user, nickname: nickname || null, avatarUrl: user?.avatarUrl ?? null }} size="large" />
          <span className={ui.hint}>{chat.user}</span>
        </div>
        <label className={ui.field}>
          {t("profile.nickname")}
          <input
            value={nickname}
            maxLength={120}
            disabled={!loaded}
            onChange={(event) => setNickname(event.target.value)}
          />
        </label>
        <label className={ui.field}>
          {t("profile.avatar")}
          <input
            type="url"
            placeholder="https://"
            maxLength={500}
            disabled={!loaded}
            value={avatarUrl}
            onChange={(event) => setAvatarUrl(event.target.value)}
          />
        </label>
        <label className={ui.field}>
          {t("profile.policy")}
          <select
            value={policy}
            disabled={!loaded}
            onChange={({ target }) => setPolicy(POLICIES.find((other) => other === target.value) ?? "ASK")}
          >
            {POLICIES.map((option) => (
              <option key={option} value={option}>
                {t(`profile.${option}`)}
              </option>
            ))}
          </select>
        </label>
        {problem !== null && (
          <p className={ui.error} role="alert">
            {problem}
          </p>
        )}
        <div className={ui.actions}>
          <button type="submit" className={`${ui.button} ${ui.primary}`} disabled={!loaded}>
            {t("profile.save")}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
