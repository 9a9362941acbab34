/** Dates and numbers as the language writes them. */
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { isLanguage, localeOf } from "../i18n/i18n.ts";

const DAY = 86_400_000;

function startOfDay(time: number): number {
  return new Date(time).setHours(0, 0, 0, 0);
}

/** Days between two instants by the calendar here. */
function daysBetween(earlier: number, later: number): number {
  // Days of the change to summer time have 23 or 25 hours.
  return Math.round((startOfDay(later) - startOfDay(earlier)) / DAY);
}

export function isSameDay(a: string, b: string): boolean {
  return startOfDay(Date.parse(a)) === startOfDay(Date.parse(b));
}

function createFormat(locale: string, today: string, yesterday: string) {
  const time = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short" });
  const short = new Intl.DateTimeFormat(locale, { month: "numeric", day: "numeric" });
  const long = new Intl.DateTimeFormat(locale, { weekday: "long", month: "long", day: "numeric" });
  const full = new Intl.DateTimeFormat(locale, { year: "numeric", month: "long", day: "numeric" });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "short" });
  const numbers = new Intl.NumberFormat(locale);
  const degrees = new Intl.NumberFormat(locale, { maximumFractionDigits: 4 });
  const sizes = (["byte", "kilobyte", "megabyte"] as const).map(
    (unit) => new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }),
  );

  return {
    locale,
    time: (instant: string) => time.format(Date.parse(instant)),
    exact: (instant: string) => exact.format(Date.parse(instant)),
    /** For a list: the time today, then the weekday, then the date. */
    brief(instant: string): string {
      const at = Date.parse(instant);
      const days = daysBetween(at, Date.now());
      if (days <= 0) return time.format(at);
      if (days < 7) return days === 1 ? yesterday : weekday.format(at);
      return short.format(at);
    },
    /** For a separator between days. */
    day(instant: string): string {
      const at = Date.parse(instant);
      const days = daysBetween(at, Date.now());
      if (days <= 1) return days <= 0 ? today : yesterday;
      return (days < 180 ? long : full).format(at);
    },
    number: (value: number) => numbers.format(value),
    coordinates: (latitude: number, longitude: number) => `${degrees.format(latitude)}°, ${degrees.format(longitude)}°`,
    bytes(size: number): string {
      const step = size < 1_000 ? 0 : size < 1_000_000 ? 1 : 2;
      return sizes[step]?.format(size / 1_000 ** step) ?? "";
    },
    /** Minutes and seconds, as players show them. */
    duration(ms: number): string {
      const seconds = Math.round(ms / 1_000);
      return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    },
  };
}

export type Format = ReturnType<typeof createFormat>;

export function useFormat(): Format {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  return useMemo(() => {
    const locale = isLanguage(language) ? localeOf(language) : "en";
    return createFormat(locale, t("common.today"), t("common.yesterday"));
  }, [t, language]);
}
