/** How the connection stands, where it is not as it should be. */

import { useTranslation } from "react-i18next";
import { useConnection, useSession } from "../shared/chat-context.ts";
import { CloudOff, LoaderCircle } from "../shared/icons.ts";
import ui from "../shared/ui.module.css";
import styles from "./connection-banner.module.css";

export function ConnectionBanner() {
  const { t } = useTranslation();
  const { chat, leave } = useSession();
  const state = useConnection();
  switch (state.status) {
    case "inStep":
      return null;
    case "connecting":
    case "catchingUp":
      return (
        <div className={styles.working} data-connection={state.status}>
          <LoaderCircle className={styles.spinner} size={15} aria-hidden="true" />
          {t(`connection.${state.status}`)}
        </div>
      );
    case "offline": {
      const refused = state.error.code === "UNAUTHENTICATED";
      return (
        <div className={styles.banner} data-connection={state.status}>
          <CloudOff size={18} aria-hidden="true" />
          <span>
            <strong>{t("connection.offline")}</strong>{" "}
            {refused ? t("connection.unauthenticated") : t("connection.offlineHint")}
          </span>
          <button
            type="button"
            className={`${ui.button} ${ui.small}`}
            onClick={() => (refused ? leave() : chat.reconnect())}
          >
            {refused ? t("connection.signInAgain") : t("connection.retry")}
          </button>
        </div>
      );
    }
    case "ended":
      return (
        <div className={styles.banner} data-connection={state.status}>
          <CloudOff size={18} aria-hidden="true" />
          <span>{t("connection.ended", { reason: state.error.message })}</span>
          <button type="button" className={`${ui.button} ${ui.small}`} onClick={leave}>
            {t("connection.signInAgain")}
          </button>
        </div>
      );
    default:
      return state satisfies never;
  }
}
