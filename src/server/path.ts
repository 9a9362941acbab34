/** Request targets, which can be anything: `//` is one that no URL parser takes. */

/** The path of a request's target, without its query. */
export function pathOf(target: string | undefined): string {
  return (target ?? "/").split("?", 1)[0] ?? "/";
}

/** The query of a request's target. */
export function queryOf(target: string | undefined): URLSearchParams {
  const [, ...query] = (target ?? "").split("?");
  return new URLSearchParams(query.join("?"));
}
