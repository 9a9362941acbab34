/** Numbers as people read them. */

/** As 12,345. */
export function counted(count: number): string {
  return count.toLocaleString("en");
}

/** As 1.5 GiB; null is unknown. */
export function bytes(count: number | null): string {
  if (count === null) return "unknown";
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  const step = count < 1 ? 0 : Math.min(Math.floor(Math.log2(count) / 10), units.length - 1);
  const value = count / 1_024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[step]}`;
}

/** The two largest units, as 3 d 4 h. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const largest = parts.findIndex(([count]) => count > 0);
  if (largest === -1) return "0 s";
  return parts
    .slice(largest, largest + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}

/** All together. */
export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
