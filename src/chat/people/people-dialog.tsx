/** Friends, who asks to be one, and the blacklist. */
import { type FormEvent, type ReactNode, useCallback, useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../../client/index.ts";
import { Avatar } from "../shared/avatar.tsx";
import { useChat } from "../shared/chat-context.ts";
import { Dialog } from "../shared/dialog.tsx";
import { nameOf } from "../shared/names.ts";
import { Problem } from "../shared/problem.tsx";
import { moveInTabs } from "../shared/roving.ts";
import { useReason, useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import { openConversation } from "../shell/route.ts";
import styles from "./people-dialog.module.css";

const TABS = ["friends", "requests", "blocked"] as const;
type Tab = (typeof TABS)[number];
const NONE = { friends: "people.noFriends", requests: "people.noRequests", blocked: "people.noBlocked" } as const;

interface Lists {
  readonly friends: readonly User[];
  readonly requests: readonly User[];
  readonly blocked: readonly User[];
}

export function PeopleDialog({ onClose }: { readonly onClose: () => void }) {
  const chat = useChat();
  const { people } = chat;
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const [tab, setTab] = useState<Tab>("friends");
  const [lists, setLists] = useState<Lists | null>(null);
  const id = useId();

  const refresh = useCallback(async () => {
    const [friends, requests, blocked] = await Promise.all([
      people.friends(),
      people.friendRequests(),
      people.blocked(),
    ]);
    setLists({ friends, requests, blocked });
  }, [people]);
  useEffect(() => attempt(refresh), [attempt, refresh]);
  // A notice of the system tells of requests and answers.
  useEffect(
    () =>
      chat.on("newMessage", ({ message }) => {
        if (message.content?.type === "NOTICE") attempt(refresh);
      }),
    [chat, attempt, refresh],
  );
  const change = (work: () => Promise<unknown>) => attempt(() => work().then(refresh));

  const write = (user: string) => {
    onClose();
    openConversation(user);
  };
  const buttons: Record<Tab, (user: User) => ReactNode> = {
    friends: (user) => (
      <>
        <SmallButton onClick={() => write(user.id)} label={t("people.write", { name: nameOf(user) })}>
          💬
        </SmallButton>
        <SmallButton danger onClick={() => change(() => people.removeFriend(user.id))}>
          {t("people.remove")}
        </SmallButton>
      </>
    ),
    requests: (user) => (
      <>
        <SmallButton primary onClick={() => change(() => people.acceptFriend(user.id))}>
          {t("people.accept")}
        </SmallButton>
        <SmallButton onClick={() => change(() => people.declineFriend(user.id))}>{t("people.decline")}</SmallButton>
      </>
    ),
    blocked: (user) => (
      <SmallButton onClick={() => change(() => people.unblock(user.id))}>{t("people.unblock")}</SmallButton>
    ),
  };

  return (
    <Dialog title={t("people.title")} onClose={onClose}>
      <div className={styles.tabs} role="tablist" tabIndex={-1} aria-label={t("people.title")} onKeyDown={moveInTabs}>
        {TABS.map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}${name}`}
            aria-selected={tab === name}
            aria-controls={`${id}panel`}
            tabIndex={tab === name ? 0 : -1}
            onClick={() => setTab(name)}
          >
            {t(`people.${name}`)}
            {name === "requests" && (lists?.requests.length ?? 0) > 0 && (
              <span className={styles.count}>{lists?.requests.length}</span>
            )}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}panel`} aria-labelledby={`${id}${tab}`} className={styles.panel}>
        {tab === "friends" && <AddFriend onAdded={refresh} />}
        {lists === null && <p className={ui.hint}>{t("people.loading")}</p>}
        {lists !== null && lists[tab].length === 0 && <p className={ui.hint}>{t(NONE[tab])}</p>}
        <ul>
          {lists?.[tab].map((user) => (
            <li key={user.id} className={styles.person}>
              <Avatar of={user} size="small" online={user.online === true} />
              <span className={styles.name}>
                <strong>{nameOf(user)}</strong>
                {user.nickname !== null && <span className={ui.hint}>{user.id}</span>}
              </span>
              {buttons[tab](user)}
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

interface SmallButtonProps {
  readonly onClick: () => void;
  readonly children: ReactNode;
  readonly label?: string;
  readonly primary?: boolean;
  readonly danger?: boolean;
}

function SmallButton({ onClick, children, label, primary = false, danger = false }: SmallButtonProps) {
  const look = primary ? ui.primary : danger ? ui.danger : "";
  return (
    <button
      type="button"
      className={`${ui.button} ${ui.small} ${look}`}
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

function AddFriend({ onAdded }: { readonly onAdded: () => Promise<void> }) {
  const chat = useChat();
  const { t } = useTranslation();
  const { say } = useToasts();
  const reasonOf = useReason();
  const [user, setUser] = useState("");
  const [greeting, setGreeting] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    const name = user.trim();
    try {
      const status = await chat.people.addFriend(name, greeting.trim() || undefined);
      say(status === "FRIENDS" ? t("people.nowFriends", { name }) : t("people.asked", { name }));
      setUser("");
      setGreeting("");
      await onAdded();
    } catch (error) {
      setProblem(reasonOf(error, name));
    }
  };
  return (
    <form className={`${ui.form} ${styles.add}`} onSubmit={(event) => void submit(event)}>
      <div className={ui.row}>
        <label className={ui.field}>
          {t("people.id")}
          <input
            value={user}
            required
            maxLength={128}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => setUser(event.target.value)}
          />
        </label>
        <label className={ui.field}>
          {t("people.greeting")}
          <input value={greeting} maxLength={150} onChange={(event) => setGreeting(event.target.value)} />
        </label>
      </div>
      <Problem reason={problem} />
      <div className={ui.actions}>
        <button type="submit" className={`${ui.button} ${ui.small}`}>
          {t("people.add")}
        </button>
      </div>
    </form>
  );
}
