/** The box to write in. */

import {
  type FormEvent,
  type KeyboardEvent,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { useTranslation } from "react-i18next";
import type { ContentInput } from "../../client/index.ts";
import type { Draft } from "../messages/conversation-pane.tsx";
import type { PeerContext } from "../messages/peer-context.ts";
import { useSummary } from "../messages/summary.ts";
import { useChat } from "../shared/chat-context.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { Pencil, Reply, SendHorizontal, X } from "../shared/icons.ts";
import { useToasts } from "../shared/toasts.tsx";
import { AttachMenu } from "./attach-menu.tsx";
import styles from "./composer.module.css";
import { keepDraft, keptDraft } from "./drafts.ts";
import { EmojiPicker } from "./emoji-picker.tsx";

export interface ComposerHandle {
  readonly focus: () => void;
}

interface ComposerProps {
  readonly ref: Ref<ComposerHandle>;
  readonly peer: PeerContext;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly onEditLast: () => void;
}

export function Composer({ ref, peer, draft, onDraft, onEditLast }: ComposerProps) {
  const chat = useChat();
  const { t } = useTranslation();
  const { attempt } = useToasts();
  const [text, setText] = useState(() => keptDraft(peer.id));
  const box = useRef<HTMLTextAreaElement>(null);
  useImperativeHandle(ref, () => ({ focus: () => box.current?.focus() }), []);

  const editing = draft?.for === "edit" ? draft.message : null;
  const editedText = editing?.content?.type === "TEXT" ? editing.content.text : null;
  const unsent = useRef("");
  useEffect(() => {
    if (editedText === null) return;
    setText((before) => {
      unsent.current = before;
      return editedText;
    });
    // What stood there before the edit comes back after it.
    return () => setText(unsent.current);
  }, [editedText]);

  useEffect(() => {
    if (editedText === null) keepDraft(peer.id, text);
  }, [peer.id, text, editedText]);

  // As high as what is in it, up to what the styles allow.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text decides the height
  useLayoutEffect(() => {
    const area = box.current;
    if (area === null) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const change = (next: string) => {
    setText(next);
    if (editing === null) chat.setTyping(peer.id, next.trim() !== "");
  };

  const send = (content: ContentInput) => {
    const replyTo = draft?.for === "reply" ? draft.message.id : null;
    chat.sendMessage(peer.id, content, replyTo === null ? {} : { replyTo });
    onDraft(null);
  };

  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    const trimmed = text.trim();
    if (trimmed === "") return;
    if (editing !== null) {
      onDraft(null);
      if (trimmed !== editedText) attempt(() => chat.editMessage(editing, trimmed), peer.name);
      return;
    }
    send(trimmed);
    setText("");
  };

  const onKeyDown = (event: KeyboardEvent) => {
    // While a syllable or character is being composed the keys are the input method's.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) submit(event);
    else if (event.key === "Escape" && draft !== null) {
      event.stopPropagation();
      onDraft(null);
    } else if (event.key === "ArrowUp" && text === "" && draft === null) {
      event.preventDefault();
      onEditLast();
    }
  };

  const insert = (emoji: string) => {
    const { selectionStart, selectionEnd } = box.current ?? { selectionStart: text.length, selectionEnd: text.length };
    change(text.slice(0, selectionStart) + emoji + text.slice(selectionEnd));
    requestAnimationFrame(() =>
      box.current?.setSelectionRange(selectionStart + emoji.length, selectionStart + emoji.length),
    );
  };

  return (
    <form className={styles.composer} onSubmit={submit}>
      {draft !== null && <DraftBar draft={draft} peer={peer} onCancel={() => onDraft(null)} />}
      <div className={styles.line}>
        {editing === null && <AttachMenu onSend={send} onClosed={() => box.current?.focus()} />}
        <div className={styles.box}>
          <textarea
            ref={box}
            rows={1}
            value={text}
            dir="auto"
            placeholder={t("composer.placeholder")}
            aria-label={t("composer.label", { name: peer.name })}
            enterKeyHint="send"
            onChange={(event) => change(event.target.value)}
            onKeyDown={onKeyDown}
            onBlur={() => chat.setTyping(peer.id, false)}
          />
          <EmojiPicker onPick={insert} onSticker={send} onClosed={() => box.current?.focus()} />
        </div>
        <IconButton
          icon={SendHorizontal}
          type="submit"
          label={editing === null ? t("composer.send") : t("composer.save")}
          className={styles.send}
          disabled={text.trim() === ""}
        />
      </div>
    </form>
  );
}

interface DraftBarProps {
  readonly draft: NonNullable<Draft>;
  readonly peer: PeerContext;
  readonly onCancel: () => void;
}

function DraftBar({ draft, peer, onCancel }: DraftBarProps) {
  const { t } = useTranslation();
  const summarise = useSummary();
  const { message } = draft;
  const Icon = draft.for === "edit" ? Pencil : Reply;
  const name = message.mine ? t("message.yourself") : peer.name;
  return (
    <div className={styles.draft}>
      <Icon size={18} aria-hidden="true" />
      <div>
        <strong>{draft.for === "edit" ? t("composer.editing") : t("composer.replying", { name })}</strong>
        <span>{summarise(message)}</span>
      </div>
      <IconButton icon={X} label={t("composer.cancel")} onClick={onCancel} />
    </div>
  );
}
