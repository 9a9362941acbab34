/** Emoji to write with, and stickers, which are faces: messages of their own kind, sent at once. */

import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { ContentInput } from "../../client/index.ts";
import { IconButton } from "../shared/icon-button.tsx";
import { Smile } from "../shared/icons.ts";
import { moveInGrid } from "../shared/roving.ts";
import styles from "./emoji-picker.module.css";

const STICKERS = ["🎉", "❤️", "👍", "😂", "😭", "🙏", "🔥", "🐱"];
const EMOJI = (
  "😀 😄 😁 😆 😅 🤣 😂 🙂 😉 😊 😇 🥰 😍 😘 😋 😜 🤔 🤨 😐 🙄 😏 😮 😴 😎 🤓 🥳 😢 😭 😤 😡 😱 🥶 " +
  "👍 👎 👏 🙌 🙏 👋 🤝 💪 ✌️ 🤞 👌 👀 ❤️ 🧡 💛 💚 💙 💜 💔 ✨ 🔥 🎉 🎂 🎁 🌈 ☀️ 🌙 ⭐ ☕ 🍵 🍜 🍚 🍕 🍺 🐶 🐱"
).split(" ");
const COLUMNS = 8;

interface EmojiPickerProps {
  readonly onPick: (emoji: string) => void;
  readonly onSticker: (content: ContentInput) => void;
  readonly onClosed: () => void;
}

export function EmojiPicker({ onPick, onSticker, onClosed }: EmojiPickerProps) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    frame.current?.querySelector<HTMLElement>("[data-cell]")?.focus();
    const closeOutside = (event: PointerEvent) => {
      if (event.target instanceof Node && frame.current?.parentElement?.contains(event.target) !== true) setOpen(false);
    };
    addEventListener("pointerdown", closeOutside);
    return () => removeEventListener("pointerdown", closeOutside);
  }, [open]);

  const close = () => {
    setOpen(false);
    onClosed();
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else moveInGrid(event, COLUMNS);
  };
  const cells = (list: readonly string[], choose: (emoji: string, index: number) => void) =>
    list.map((emoji, index) => (
      <button
        key={emoji}
        type="button"
        data-cell
        className={styles.cell}
        aria-label={emoji}
        tabIndex={index === 0 ? 0 : -1}
        onClick={() => choose(emoji, index)}
      >
        {emoji}
      </button>
    ));

  return (
    <span className={styles.anchor}>
      <IconButton
        icon={Smile}
        label={t("composer.emoji")}
        aria-haspopup="dialog"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => (open ? close() : setOpen(true))}
      />
      {open && (
        <div
          ref={frame}
          id={id}
          className={styles.picker}
          role="dialog"
          aria-label={t("composer.emoji")}
          onKeyDown={onKeyDown}
        >
          <h3 className={styles.heading}>{t("composer.stickers")}</h3>
          <div className={`${styles.grid} ${styles.stickers}`}>
            {cells(STICKERS, (data, index) => {
              onSticker({ face: { index, data } });
              close();
            })}
          </div>
          <h3 className={styles.heading}>{t("composer.emojis")}</h3>
          <div className={styles.grid}>{cells(EMOJI, onPick)}</div>
        </div>
      )}
    </span>
  );
}
