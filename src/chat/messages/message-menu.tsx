/** What can be done with a message: by its menu, and by a key while it has the focus. */

import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Message } from "../../client/index.ts";
import { useChat } from "../shared/chat-context.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { Copy, EllipsisVertical, type LucideIcon, Pencil, Reply, Trash2, Undo2 } from "../shared/icons.ts";
import { Menu, MenuItem } from "../shared/menu.tsx";
import { useToasts } from "../shared/toasts.tsx";
import styles from "./message-menu.module.css";
import type { PeerContext } from "./peer-context.ts";

export interface MessageAction {
  readonly name: "reply" | "copy" | "edit" | "recall" | "delete";
  readonly icon: LucideIcon;
  readonly shortcut: string;
  readonly hint?: string;
  readonly run: () => void;
}

function copyableText({ content }: Message): string | null {
  switch (content?.type) {
    case "TEXT":
      return content.text;
    case "LOCATION":
      return `${content.name} ${content.latitude}, ${content.longitude}`.trim();
    case "IMAGE":
    case "SOUND":
    case "FILE":
    case "VIDEO":
      return content.url;
    case "FACE":
    case "CUSTOM":
    case "NOTICE":
    case undefined:
      return null;
    default:
      // Of a later server.
      return null;
  }
}

export function useMessageActions(message: Message, peer: PeerContext): readonly MessageAction[] {
  const chat = useChat();
  const { t } = useTranslation();
  const { say, attempt } = useToasts();
  return useMemo(() => {
    const { id, seq, mine, content } = message;
    const sent = id !== null && seq !== null && seq > 0;
    const text = copyableText(message);
    const actions: MessageAction[] = [];
    if (sent && content !== null) {
      actions.push({ name: "reply", icon: Reply, shortcut: "r", run: () => peer.reply(message) });
    }
    if (text !== null) {
      const copy = async () => {
        await navigator.clipboard.writeText(text);
        say(t("message.copied"));
      };
      actions.push({ name: "copy", icon: Copy, shortcut: "c", run: () => attempt(copy) });
    }
    if (sent && mine && content?.type === "TEXT") {
      actions.push({ name: "edit", icon: Pencil, shortcut: "e", run: () => peer.edit(message) });
    }
    if (sent && mine && content !== null) {
      const recall = () => attempt(() => chat.recallMessage(message), peer.name);
      actions.push({ name: "recall", icon: Undo2, shortcut: "u", hint: t("message.recallHint"), run: recall });
    }
    if (sent) {
      const remove = () => attempt(() => chat.deleteMessages([message]));
      actions.push({ name: "delete", icon: Trash2, shortcut: "delete", hint: t("message.deleteHint"), run: remove });
    }
    return actions;
  }, [chat, message, peer, t, say, attempt]);
}

interface MessageMenuProps {
  readonly actions: readonly MessageAction[];
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly align: "start" | "end";
  readonly focusAfter: () => HTMLElement | null;
}

export function MessageMenu({ actions, open, onOpenChange, align, focusAfter }: MessageMenuProps) {
  const { t } = useTranslation();
  if (actions.length === 0) return <span className={styles.none} />;
  return (
    <Menu
      open={open}
      onOpenChange={onOpenChange}
      align={align}
      // Reply and edit have put the focus into the message box.
      onCloseFocus={() =>
        document.activeElement instanceof HTMLTextAreaElement ? document.activeElement : focusAfter()
      }
      trigger={
        <IconButton icon={EllipsisVertical} label={t("message.menu")} className={styles.trigger} tabIndex={-1} />
      }
    >
      {actions.map(({ name, icon, hint, run }) => (
        <MenuItem key={name} icon={icon} hint={hint} danger={name === "recall" || name === "delete"} onSelect={run}>
          {t(`message.${name}`)}
        </MenuItem>
      ))}
    </Menu>
  );
}
