/** The user's own profile. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FriendPolicy, User } from "../../client/index.ts";
import { Avatar } from "../shared/avatar.tsx";
import { useChat } from "../shared/chat-context.ts";
import { Dialog } from "../shared/dialog.tsx";
import { Problem } from "../shared/problem.tsx";
import { useReason, useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { usePerson } from "../shared/use-person.ts";
import styles from "./user-dialog.module.css";

const POLICIES: readonly FriendPolicy[] = ["ASK", "ANYONE", "NOBODY"];

export function ProfileDialog({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const { t } = useTranslation();
  const { user } = usePerson(chat.user);
  return (
    <Dialog title={t("profile.title")} onClose={onClose}>
      {/* As it was when it came: later looks do not undo what is typed. */}
      <ProfileForm key={user?.id ?? ""} user={user ?? null} onSaved={onClose} />
    </Dialog>
  );
}

interface ProfileFormProps {
  /** Null until it has come. */
  readonly user: User | null;
  readonly onSaved: () => void;
}

function ProfileForm({ user, onSaved }: ProfileFormProps) {
  const chat = useChat();
  const { t } = useTranslation();
  const { say } = useToasts();
  const reasonOf = useReason();
  const [nickname, setNickname] = useState(user?.nickname ?? "");
  const [avatarUrl, setAvatarUrl] = useState(user?.avatarUrl ?? "");
  const [policy, setPolicy] = useState<FriendPolicy>(user?.friendPolicy ?? "ASK");
  const [problem, setProblem] = useState<string | null>(null);
  const loaded = user !== null;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await chat.people.updateProfile({
        nickname: nickname.trim() || null,
        avatarUrl: avatarUrl.trim() || null,
        friendPolicy: policy,
      });
      say(t("profile.saved"));
      onSaved();
    } catch (error) {
      setProblem(reasonOf(error));
    }
  };
  return (
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
      <Problem reason={problem} />
      <div className={ui.actions}>
        <button type="submit" className={`${ui.button} ${ui.primary}`} disabled={!loaded}>
          {t("profile.save")}
        </button>
      </div>
    </form>
  );
}
