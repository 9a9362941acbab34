/** Request targets, which can be anything: `//` is one that no URL parser takes. */

/** The path of a request's target, without its query. */
export function pathOf(target: string | undefined): string {
  return (target ?? "/").split("?", 1)[0] ?? "/";
}
