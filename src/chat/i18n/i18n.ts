/** The page's languages: found from the browser's, changed by the user, kept on this device. */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { preferences } from "../shared/preferences.ts";
import { en } from "./en.ts";
import { ko } from "./ko.ts";
import type { Translation } from "./translation.ts";
import { zh } from "./zh.ts";

export const TRANSLATIONS = { en, ko, zh };
export type Language = keyof typeof TRANSLATIONS;

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: Translation };
  }
}

export function isLanguage(name: string): name is Language {
  return Object.hasOwn(TRANSLATIONS, name);
}

/** The first of the browser's languages that the page speaks. */
function detect(): Language {
  const wanted = navigator.languages.map((tag) => tag.split("-")[0] ?? "");
  return wanted.find(isLanguage) ?? "en";
}

function chosen(): Language {
  const { language } = preferences.getSnapshot();
  return language !== null && isLanguage(language) ? language : detect();
}

/** The tag for `lang` and for Intl: the region of the browser's own where it is the same language. */
export function localeOf(language: Language): string {
  const own = navigator.languages.find((tag) => tag.split("-")[0] === language);
  return own ?? (language === "zh" ? "zh-CN" : language);
}

function show(): void {
  const language = chosen();
  document.documentElement.lang = language === "zh" ? "zh-Hans" : language;
  if (i18next.language !== language) void i18next.changeLanguage(language);
}

export async function startTranslating(): Promise<void> {
  const { en, ko, zh } = TRANSLATIONS;
  await i18next.use(initReactI18next).init({
    lng: chosen(),
    fallbackLng: "en",
    resources: { en: { translation: en }, ko: { translation: ko }, zh: { translation: zh } },
    // React escapes.
    interpolation: { escapeValue: false },
    initAsync: false,
  });
  show();
  preferences.subscribe(show);
}
