// Duration literals as the lexer finds them: whole numbers with the units y w d h m s ms, each at most once, in
// falling order.

const unitSeconds: ReadonlyMap<string, number> = new Map([
  ['y', 365 * 86_400],
  ['w', 7 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
  ['ms', 0.001],
]);

/** Go's time.Duration holds nanoseconds in 63 bits: about 292 years. */
const secondsMax = 2 ** 63 / 1e9;

export type ParsedDuration = { readonly seconds: number } | { readonly problem: string };

export function parseDurationLiteral(text: string): ParsedDuration {
  const units = [...unitSeconds.keys()];
  let milliseconds = 0;
  let previous = -1;
  for (const [, amount, unit] of text.matchAll(/(\d+)([a-z]+)/g)) {
    const position = units.indexOf(unit!);
    if (position < 0) return { problem: `unknown unit "${unit}" in duration "${text}"` };
    if (position <= previous) return { problem: `not a valid duration string: "${text}"` };
    previous = position;
    milliseconds += Number(amount) * Math.round(unitSeconds.get(unit!)! * 1000);
  }
  if (milliseconds / 1000 > secondsMax) return { problem: 'duration out of range' };
  return { seconds: milliseconds / 1000 };
}

export function isOutOfRange(seconds: number): boolean {
  return seconds > secondsMax || seconds < -secondsMax;
}

/** Whole milliseconds of a number of seconds. */
export function toMilliseconds(seconds: number): number {
  return Math.round(seconds * 1000);
}
