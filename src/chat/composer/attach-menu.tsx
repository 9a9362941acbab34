/** What can be sent besides text. */

import { type Ref, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ContentInput } from "../../client/index.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { FileText, ImageIcon, Link, MapPin, Mic, Plus } from "../shared/icons.ts";
import { Menu, MenuItem } from "../shared/menu.tsx";
import { LocationDialog } from "./location-dialog.tsx";
import { MediaDialog } from "./media-dialog.tsx";

interface AttachMenuProps {
  readonly onSend: (content: ContentInput) => void;
  readonly onFiles: (files: readonly File[]) => void;
  /** Somebody wants to speak. */
  readonly onVoice: () => void;
  readonly onClosed: () => void;
}

export function AttachMenu({ onSend, onFiles, onVoice, onClosed }: AttachMenuProps) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<"link" | "location" | null>(null);
  const pictures = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  const close = () => {
    setDialog(null);
    onClosed();
  };
  const send = (content: ContentInput) => {
    onSend(content);
    close();
  };
  return (
    <>
      <Menu side="top" align="start" trigger={<IconButton ref={trigger} icon={Plus} label={t("composer.attach")} />}>
        <MenuItem icon={ImageIcon} onSelect={() => pictures.current?.click()}>
          {t("attach.pictures")}
        </MenuItem>
        <MenuItem icon={FileText} onSelect={() => files.current?.click()}>
          {t("attach.files")}
        </MenuItem>
        <MenuItem icon={Mic} onSelect={onVoice}>
          {t("attach.voice")}
        </MenuItem>
        <MenuItem icon={MapPin} onSelect={() => setDialog("location")}>
          {t("attach.location")}
        </MenuItem>
        <MenuItem icon={Link} onSelect={() => setDialog("link")}>
          {t("attach.link")}
        </MenuItem>
      </Menu>
      <FileInput ref={pictures} label={t("attach.pictures")} accept="image/*,video/*" onFiles={onFiles} />
      <FileInput ref={files} label={t("attach.files")} onFiles={onFiles} />
      {dialog === "location" && <LocationDialog onSend={send} onClose={close} />}
      {dialog === "link" && <MediaDialog onSend={send} onClose={close} />}
    </>
  );
}

interface FileInputProps {
  readonly ref: Ref<HTMLInputElement>;
  readonly label: string;
  readonly accept?: string;
  readonly onFiles: (files: readonly File[]) => void;
}

/** What the menu opens: the browser's own way to choose files. */
function FileInput({ ref, label, accept, onFiles }: FileInputProps) {
  return (
    <input
      ref={ref}
      type="file"
      multiple
      hidden
      aria-label={label}
      {...(accept === undefined ? {} : { accept })}
      onChange={({ currentTarget }) => {
        onFiles([...(currentTarget.files ?? [])]);
        // The same again is a change too.
        currentTarget.value = "";
      }}
    />
  );
}
