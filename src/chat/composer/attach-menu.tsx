/** What can be sent besides text. */

import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ContentInput } from "../../client/index.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { FileText, Film, ImageIcon, MapPin, Mic, Plus } from "../shared/icons.ts";
import { Menu, MenuItem } from "../shared/menu.tsx";
import { LocationDialog } from "./location-dialog.tsx";
import { MediaDialog, type MediaKind } from "./media-dialog.tsx";

interface AttachMenuProps {
  readonly onSend: (content: ContentInput) => void;
  readonly onClosed: () => void;
}

const MEDIA = [
  ["image", ImageIcon],
  ["file", FileText],
  ["sound", Mic],
  ["video", Film],
] as const;

export function AttachMenu({ onSend, onClosed }: AttachMenuProps) {
  const { t } = useTranslation();
  const [dialog, setDialog] = useState<MediaKind | "location" | null>(null);
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
        {MEDIA.map(([kind, icon]) => (
          <MenuItem key={kind} icon={icon} onSelect={() => setDialog(kind)}>
            {t(`attach.${kind}`)}
          </MenuItem>
        ))}
        <MenuItem icon={MapPin} onSelect={() => setDialog("location")}>
          {t("attach.location")}
        </MenuItem>
      </Menu>
      {dialog === "location" && <LocationDialog onSend={send} onClose={close} />}
      {dialog !== null && dialog !== "location" && <MediaDialog kind={dialog} onSend={send} onClose={close} />}
    </>
  );
}
