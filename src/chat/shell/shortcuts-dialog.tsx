/** All keys in one place. */
import { useTranslation } from "react-i18next";
import { Dialog } from "../shared/dialog.tsx";
import styles from "./shortcuts-dialog.module.css";

const SHORTCUTS = [
  {
    where: "everywhere",
    keys: [
      ["?", "help"],
      ["/ · Ctrl K", "search"],
      ["Alt N", "new"],
      ["Alt ↑ ↓", "nextConversation"],
      ["I", "compose"],
      ["Alt M", "toMessages"],
      ["Esc", "close"],
    ],
  },
  {
    where: "inList",
    keys: [
      ["↑ ↓", "move"],
      ["Enter", "open"],
    ],
  },
  {
    where: "inMessages",
    keys: [
      ["↑ ↓", "move"],
      ["End", "newest"],
      ["Enter", "actions"],
      ["R", "reply"],
      ["C", "copy"],
      ["E", "edit"],
      ["U", "recall"],
      ["Delete", "delete"],
    ],
  },
  {
    where: "writing",
    keys: [
      ["Enter", "send"],
      ["Shift Enter", "newline"],
      ["↑", "editLast"],
    ],
  },
] as const;

export function ShortcutsDialog({ onClose }: { readonly onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const said = (action: string) => {
    const key = i18n.exists(`shortcuts.${action}`) ? `shortcuts.${action}` : `message.${action}`;
    return String(t(key as "shortcuts.help"));
  };
  return (
    <Dialog title={t("shortcuts.title")} onClose={onClose}>
      {SHORTCUTS.map(({ where, keys }) => (
        <section key={where} className={styles.section}>
          <h3>{t(`shortcuts.${where}`)}</h3>
          <dl className={styles.keys}>
            {keys.map(([key, action]) => (
              <div key={key}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{said(action)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
