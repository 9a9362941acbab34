/** Somebody: who they are, and how one stands with them. */

import { useTranslation } from "react-i18next";
import type { Profile } from "../../client/index.ts";
import { Avatar } from "../shared/avatar.tsx";
import { useChat } from "../shared/chat-context.ts";
import { Dialog } from "../shared/dialog.tsx";
import type { LucideIcon } from "../shared/icons.ts";
import { Ban, UserCheck, UserMinus, UserPlus, UserX } from "../shared/icons.ts";
import { nameOf } from "../shared/names.ts";
import { useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import type { Person } from "../shared/use-person.ts";
import styles from "./user-dialog.module.css";

interface UserDialogProps {
  readonly profile: Profile;
  readonly person: Person;
  readonly onClose: () => void;
}

interface Action {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly danger?: boolean;
  readonly run: () => Promise<unknown>;
}

export function UserDialog({ profile, person, onClose }: UserDialogProps) {
  const { people } = useChat();
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const { user, refresh } = person;
  const { id } = profile;
  const name = nameOf(profile);

  const actions: Action[] = [];
  switch (user?.friendship) {
    case "NONE":
      actions.push({ icon: UserPlus, label: t("people.add"), run: () => people.addFriend(id) });
      break;
    case "REQUESTED":
      actions.push({ icon: UserX, label: t("people.withdraw"), run: () => people.removeFriend(id) });
      break;
    case "RECEIVED":
      actions.push(
        { icon: UserCheck, label: t("people.accept"), run: () => people.acceptFriend(id) },
        { icon: UserX, label: t("people.decline"), run: () => people.declineFriend(id) },
      );
      break;
    case "FRIENDS":
      actions.push({ icon: UserMinus, label: t("people.remove"), danger: true, run: () => people.removeFriend(id) });
      break;
    case null:
    case undefined:
      break;
    default:
      // Of a later server.
      break;
  }
  if (user?.blocked === true) actions.push({ icon: Ban, label: t("pane.unblock"), run: () => people.unblock(id) });
  if (user?.blocked === false) {
    actions.push({ icon: Ban, label: t("pane.block"), danger: true, run: () => people.block(id) });
  }

  return (
    <Dialog title={t("pane.about", { name })} onClose={onClose}>
      <div className={styles.person}>
        <Avatar of={profile} size="large" online={user?.online === true} />
        <strong>{name}</strong>
        <span className={ui.hint}>{id}</span>
        {user?.online != null && <span>{user.online ? t("pane.online") : t("pane.offline")}</span>}
        {user === null && <p className={ui.error}>{t("newConversation.nobody", { id })}</p>}
        <div className={styles.actions}>
          {actions.map(({ icon: Icon, label, danger = false, run }) => (
            <button
              key={label}
              type="button"
              className={`${ui.button} ${danger ? ui.danger : ""}`}
              onClick={() => attempt(() => run().finally(refresh), name)}
            >
              <Icon size={18} aria-hidden="true" />
              {label}
            </button>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
