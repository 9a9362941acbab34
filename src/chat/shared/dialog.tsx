/** A dialog: the browser's own, which keeps the focus inside, closes with Escape, and gives the focus back. */

import { type ReactNode, useEffect, useId, useRef } from "react";
import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";
import { IconButton } from "./icon-button.tsx";
import { X } from "./icons.ts";
import ui from "./ui.module.css";

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Open for as long as it is rendered. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const { t } = useTranslation();
  const heading = useId();
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = ref.current;
    const before = document.activeElement;
    dialog?.showModal();
    return () => {
      dialog?.close();
      // A menu that opened it may have gone meanwhile.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return createPortal(
    // The keyboard has Escape.
    // biome-ignore lint/a11y/useKeyWithClickEvents: a click beside it closes it, as Escape does
    <dialog
      ref={ref}
      className={ui.dialog}
      aria-labelledby={heading}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div className={ui.dialogHead}>
        <h2 id={heading}>{title}</h2>
        <IconButton icon={X} label={t("common.close")} onClick={onClose} />
      </div>
      <div className={ui.dialogBody}>{children}</div>
    </dialog>,
    // Not within the form of whoever opens it.
    document.body,
  );
}
