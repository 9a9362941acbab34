/** A chart of bars, one for each minute. */
import { counted, sum } from "../numbers/units.ts";
import { element, shape } from "./elements.ts";

const HEIGHT = 40;
const BAR = 10;
const GAP = 2;

/** @param perMinute oldest first; the last is of the minute that is not over. @param at when that was so */
export function minutesChart(perMinute: readonly number[], at: number): HTMLElement {
  const most = Math.max(...perMinute, 1);
  const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
  const bars = perMinute.map((count, index) => {
    const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT);
    const minute = time.format(at - (perMinute.length - 1 - index) * 60_000);
    const running = index === perMinute.length - 1;
    return shape(
      "g",
      { class: running ? "running" : "over" },
      shape("title", {}, `${minute}: ${counted(count)}${running ? " so far" : ""}`),
      shape("rect", { class: "hover", x: index * BAR, y: 0, width: BAR, height: HEIGHT }),
      shape("rect", { class: "bar", x: index * BAR + GAP / 2, y: HEIGHT - height, width: BAR - GAP, height }),
    );
  });
  const label = `Messages in each of the last ${perMinute.length} minutes: ${counted(sum(perMinute))} in all, at most ${counted(Math.max(...perMinute, 0))} in a minute`;
  return element(
    "figure",
    {},
    shape(
      "svg",
      {
        role: "img",
        "aria-label": label,
        viewBox: `0 0 ${perMinute.length * BAR} ${HEIGHT}`,
        preserveAspectRatio: "none",
      },
      ...bars,
    ),
    element(
      "figcaption",
      {},
      element("span", {}, `${perMinute.length} minutes ago`),
      element("span", {}, `highest bar: ${counted(most)}`),
      element("span", {}, "now"),
    ),
  );
}
