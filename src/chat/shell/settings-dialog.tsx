/** How the page looks and behaves on this device. */
import { useTranslation } from "react-i18next";
import { isLanguage, type Language, TRANSLATIONS } from "../i18n/i18n.ts";
import { Dialog } from "../shared/dialog.tsx";
import { type Preferences, preferences, type Theme, usePreferences } from "../shared/preferences.ts";
import ui from "../shared/ui.module.css";

const THEMES: readonly Theme[] = ["system", "light", "dark"];
const MEDIA: readonly Preferences["media"][] = ["ask", "always"];

export function SettingsDialog({ onClose }: { readonly onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const { theme, media } = usePreferences();
  const languages = Object.keys(TRANSLATIONS).filter((name): name is Language => isLanguage(name));
  const pick = <T extends string>(options: readonly T[], value: string, take: (option: T) => void) => {
    const option = options.find((other) => other === value);
    if (option !== undefined) take(option);
  };
  return (
    <Dialog title={t("settings.title")} onClose={onClose}>
      <div className={ui.form}>
        <label className={ui.field}>
          {t("settings.theme")}
          <select
            value={theme}
            onChange={({ target }) => pick(THEMES, target.value, (option) => preferences.change({ theme: option }))}
          >
            {THEMES.map((option) => (
              <option key={option} value={option}>
                {t(`settings.${option}`)}
              </option>
            ))}
          </select>
        </label>
        <label className={ui.field}>
          {t("settings.language")}
          <select
            value={i18n.language}
            onChange={({ target }) => pick(languages, target.value, (language) => preferences.change({ language }))}
          >
            {languages.map((language) => (
              <option key={language} value={language} lang={language}>
                {TRANSLATIONS[language].languageName}
              </option>
            ))}
          </select>
        </label>
        <label className={ui.field}>
          {t("settings.media")}
          <select
            value={media}
            onChange={({ target }) => pick(MEDIA, target.value, (option) => preferences.change({ media: option }))}
          >
            {MEDIA.map((option) => (
              <option key={option} value={option}>
                {t(`settings.${option}`)}
              </option>
            ))}
          </select>
          <span className={ui.hint}>{t("settings.mediaHint")}</span>
        </label>
      </div>
    </Dialog>
  );
}
