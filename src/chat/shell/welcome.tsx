/** Where a conversation will be. */

import { useTranslation } from "react-i18next";
import { MessagesSquare } from "../shared/icons.ts";
import styles from "./welcome.module.css";

export function Welcome() {
  const { t } = useTranslation();
  return (
    <section className={styles.welcome}>
      <MessagesSquare size={64} strokeWidth={1.2} aria-hidden="true" />
      <h2>{t("pane.choose")}</h2>
      <p>{t("pane.chooseHint")}</p>
    </section>
  );
}
