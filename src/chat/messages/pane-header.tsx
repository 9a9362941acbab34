/** The head of an open conversation: who it is with, and what can be done about it. */

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { UserDialog } from "../people/user-dialog.tsx";
import { Avatar } from "../shared/avatar.tsx";
import { useChat, useConversation } from "../shared/chat-context.ts";
import { Dialog } from "../shared/dialog.tsx";
import { IconButton } from "../shared/icon-button.tsx";
import { ArrowLeft, Ban, Bell, BellOff, Eraser, Info, MoreVertical, Pin, PinOff } from "../shared/icons.ts";
import { Menu, MenuItem, MenuSeparator } from "../shared/menu.tsx";
import { useToasts } from "../shared/toasts.tsx";
import ui from "../shared/ui.module.css";
import type { Person } from "../shared/use-person.ts";
import { closeConversation } from "../shell/route.ts";
import styles from "./pane-header.module.css";
import type { PeerContext } from "./peer-context.ts";

interface PaneHeaderProps {
  readonly peer: PeerContext;
  readonly person: Person;
  readonly typing: boolean;
}

export function PaneHeader({ peer, person, typing }: PaneHeaderProps) {
  const chat = useChat();
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const conversation = useConversation(peer.id);
  const [shown, setShown] = useState<"about" | "clear" | null>(null);
  const { user, refresh } = person;
  const { name } = peer;
  const isSystem = peer.id === "system";
  const presence = user?.online == null ? "" : user.online ? t("pane.online") : t("pane.offline");
  const pinned = conversation?.pinned === true;
  const muted = conversation?.muted === true;
  const blocked = user?.blocked === true;

  return (
    <header className={styles.header}>
      <IconButton icon={ArrowLeft} label={t("pane.back")} className={styles.back} onClick={closeConversation} />
      <button
        type="button"
        className={styles.who}
        aria-label={t("pane.about", { name })}
        disabled={isSystem}
        onClick={() => setShown("about")}
      >
        <Avatar of={peer.profile} size="medium" online={user?.online === true} />
        <span className={styles.names}>
          <span className={styles.name}>{name}</span>
          <span className={styles.state} data-typing={typing}>
            {typing ? t("conversations.typing") : presence}
          </span>
        </span>
      </button>
      <h1 className="visually-hidden">{name}</h1>
      <Menu trigger={<IconButton icon={MoreVertical} label={t("pane.menu")} />}>
        {!isSystem && (
          <MenuItem icon={Info} onSelect={() => setShown("about")}>
            {t("pane.about", { name })}
          </MenuItem>
        )}
        {conversation !== null && (
          <>
            <MenuItem
              icon={pinned ? PinOff : Pin}
              onSelect={() => attempt(() => chat.pinConversation(peer.id, !pinned))}
            >
              {pinned ? t("pane.unpin") : t("pane.pin")}
            </MenuItem>
            <MenuItem
              icon={muted ? Bell : BellOff}
              onSelect={() => attempt(() => chat.muteConversation(peer.id, !muted))}
            >
              {muted ? t("pane.unmute") : t("pane.mute")}
            </MenuItem>
          </>
        )}
        <MenuSeparator />
        {!isSystem && (
          <MenuItem
            icon={Ban}
            danger={!blocked}
            onSelect={() =>
              attempt(async () => {
                await (blocked ? chat.people.unblock(peer.id) : chat.people.block(peer.id));
                refresh();
              })
            }
          >
            {blocked ? t("pane.unblock") : t("pane.block")}
          </MenuItem>
        )}
        {conversation !== null && (
          <MenuItem icon={Eraser} danger onSelect={() => setShown("clear")}>
            {t("pane.clear")}
          </MenuItem>
        )}
      </Menu>
      {shown === "about" && <UserDialog person={person} profile={peer.profile} onClose={() => setShown(null)} />}
      {shown === "clear" && (
        <Dialog title={t("pane.clear")} onClose={() => setShown(null)}>
          <div className={ui.form}>
            <p>{t("pane.clearSure", { name })}</p>
            <div className={ui.actions}>
              <button type="button" className={ui.button} onClick={() => setShown(null)}>
                {t("common.cancel")}
              </button>
              <button
                type="button"
                className={`${ui.button} ${ui.danger}`}
                onClick={() => {
                  setShown(null);
                  attempt(() => chat.clearConversation(peer.id));
                }}
              >
                {t("pane.clear")}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </header>
  );
}
