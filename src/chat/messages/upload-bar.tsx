/** How far the file of a message has come, and a way to stop it. */
import { useTranslation } from "react-i18next";
import type { Message } from "../../client/index.ts";
import { useChat, useObservable } from "../shared/chat-context.ts";
import { useFormat } from "../shared/format.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { X } from "../shared/icons.ts";
import { useToasts } from "../shared/toasts.tsx";
import styles from "./upload-bar.module.css";

export function UploadBar({ message }: { readonly message: Message }) {
  const chat = useChat();
  const { t } = useTranslation();
  const format = useFormat();
  const { attempt } = useToasts();
  const { sent, total } = useObservable(chat.uploadProgress(message));
  const size = message.file?.size ?? 0;
  const part = total === 0 ? 0 : sent / total;
  return (
    <div className={styles.upload}>
      <progress aria-label={t("message.uploading")} max={1} value={part} />
      <span>{`${format.bytes(Math.min(sent, size))} / ${format.bytes(size)}`}</span>
      <IconButton icon={X} label={t("message.cancelUpload")} onClick={() => attempt(() => chat.discard(message))} />
    </div>
  );
}
