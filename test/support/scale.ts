/** How often properties are tried: a short form for every run of the tests, a long one before a release. */

/** `PARLEY_VERIFY_SCALE`: how many times as many runs as usual; 1 unless it says otherwise. */
function scale(): number {
  const text = process.env.PARLEY_VERIFY_SCALE ?? "1";
  const factor = Number(text);
  if (!(factor > 0 && Number.isFinite(factor))) {
    throw new Error(`PARLEY_VERIFY_SCALE is "${text}"; it must be a number over 0.`);
  }
  return factor;
}

/** How many runs a property has, where the short form has `short`; never none. */
export function runs(short: number): number {
  return Math.max(1, Math.round(short * scale()));
}

/** How long such a test may take, in milliseconds, where the short form may take `short`. */
export function timeFor(short: number): number {
  return short * Math.max(1, scale());
}
