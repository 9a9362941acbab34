/** Files that are about to be sent, to look at once more. */
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Dialog } from "../shared/dialog.tsx";
import { useFormat } from "../shared/format.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { FileText, X } from "../shared/icons.ts";
import { SoundPlayer, VideoPlayer } from "../shared/players.tsx";
import ui from "../shared/ui.module.css";
import { useObjectUrl } from "../shared/use-object-url.ts";
import styles from "./files-dialog.module.css";
import { SendButton } from "./send-button.tsx";

interface FilesDialogProps {
  readonly name: string;
  readonly files: readonly File[];
  readonly onSend: (files: readonly File[]) => void;
  readonly onClose: () => void;
}

export function FilesDialog({ name, files, onSend, onClose }: FilesDialogProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState(files);
  const send = (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    onSend(chosen);
  };
  const remove = (file: File) => {
    const rest = chosen.filter((other) => other !== file);
    if (rest.length === 0) onClose();
    else setChosen(rest);
  };
  return (
    <Dialog title={t("attach.sendTo", { name })} onClose={onClose}>
      <form className={ui.form} onSubmit={send}>
        <ul className={styles.files}>
          {chosen.map((file) => (
            <Chosen key={`${file.name} ${file.lastModified} ${file.size}`} file={file} onRemove={() => remove(file)} />
          ))}
        </ul>
        <div className={ui.actions}>
          <SendButton />
        </div>
      </form>
    </Dialog>
  );
}

function Chosen({ file, onRemove }: { readonly file: File; readonly onRemove: () => void }) {
  const { t } = useTranslation();
  const format = useFormat();
  const url = useObjectUrl(file);
  const [broken, setBroken] = useState(false);
  const kind = broken || url === null ? "other" : file.type.split("/")[0];
  return (
    <li className={styles.file}>
      {kind === "image" && <img src={url ?? ""} alt={t("attach.preview")} onError={() => setBroken(true)} />}
      {kind === "video" && <VideoPlayer src={url ?? ""} onError={() => setBroken(true)} />}
      {kind === "audio" && <SoundPlayer src={url ?? ""} onError={() => setBroken(true)} />}
      <div className={styles.facts}>
        <FileText size={20} aria-hidden="true" />
        <span className={styles.name}>{file.name}</span>
        <span>{format.bytes(file.size)}</span>
        <IconButton icon={X} label={t("attach.remove", { name: file.name })} onClick={onRemove} />
      </div>
    </li>
  );
}
