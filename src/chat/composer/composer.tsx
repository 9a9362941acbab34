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
import { FilesDialog } from "./files-dialog.tsx";
import { coverOf } from "./video-cover.ts";
import { VoiceRecorder } from "./voice-recorder.tsx";

export interface ComposerHandle {
  readonly focus: () => void;
}

interface ComposerProps {
  readonly ref: Ref<ComposerHandle>;
  readonly peer: PeerContext;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  /** Files that were chosen, dropped or pasted, and are not sent yet. */
  readonly files: readonly File[];
  readonly onFiles: (files: readonly File[]) => void;
  readonly onEditLast: () => void;
}

export function Composer({ ref, peer, draft, onDraft, files, onFiles, onEditLast }: ComposerProps) {
  const chat = useChat();
  const { t } = useTranslation();
  const { attempt, say } = useToasts();
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

  const reply = draft?.for === "reply" ? { replyTo: draft.message } : {};
  const send = (content: ContentInput) => {
    chat.sendMessage(peer.id, content, reply);
    onDraft(null);
  };

  const [recording, setRecording] = useState(false);
  const sendFiles = async (chosen: readonly File[]) => {
    onFiles([]);
    onDraft(null);
    for (const file of chosen) {
      const cover = file.type.startsWith("video/") ? await coverOf(file) : undefined;
      chat.sendFile(peer.id, file, { ...reply, ...(cover === undefined ? {} : { cover }) });
    }
    box.current?.focus();
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
      {files.length > 0 && (
        <FilesDialog name={peer.name} files={files} onSend={sendFiles} onClose={() => onFiles([])} />
      )}
      {recording && (
        <div className={styles.line}>
          <VoiceRecorder
            onSend={(note) => chat.sendFile(peer.id, note, { ...reply, kind: "sound", name: "voice note" })}
            onClose={() => setRecording(false)}
            onFailed={() => say(t("voice.noMicrophone"))}
          />
        </div>
      )}
      <div className={styles.line} hidden={recording}>
        {editing === null && (
          <AttachMenu
            onSend={send}
            onFiles={onFiles}
            onVoice={() => setRecording(true)}
            onClosed={() => box.current?.focus()}
          />
        )}
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
            onPaste={(event) => {
              const pasted = [...event.clipboardData.files];
              if (pasted.length === 0) return;
              event.preventDefault();
              onFiles(pasted);
            }}
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
