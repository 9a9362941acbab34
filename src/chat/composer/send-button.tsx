/** What ends the form of a dialog. */
import { useTranslation } from "react-i18next";
import ui from "../shared/ui.module.css";

export function SendButton() {
  const { t } = useTranslation();
  return (
    <button type="submit" className={`${ui.button} ${ui.primary}`}>
      {t("attach.send")}
    </button>
  );
}
