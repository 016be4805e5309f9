// Durations as the field writes them. Prometheus: `1h30m`, `500ms`, units y w d h m s ms in falling order,
// whole numbers. Go: `1.5h`, `1m0.5s`, `-2s`, units h m s ms us ns in any order, fractions allowed.
// We read both in one grammar (the union is unambiguous) and always hold milliseconds.

const unitMs: Record<string, number> = {
  y: 365 * 86_400_000,
  w: 7 * 86_400_000,
  d: 86_400_000,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 0.001,
  µs: 0.001,
  ns: 0.000001,
};

const wholePattern = /^(?:\d+(?:\.\d+)?(?:ms|us|µs|ns|y|w|d|h|m|s))+$/;
const partPattern = /(\d+(?:\.\d+)?)(ms|us|µs|ns|y|w|d|h|m|s)/g;

/** Milliseconds of a duration such as `90s`, `1h30m`, `1.5h`; undefined when the text is not one. `0` is allowed. */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  const negative = trimmed.startsWith('-');
  const body = negative ? trimmed.slice(1) : trimmed;
  if (!wholePattern.test(body)) return undefined;
  let total = 0;
  for (const [, amount, unit] of body.matchAll(partPattern)) total += Number(amount) * unitMs[unit!]!;
  // Fractions such as 1.1s carry a binary rest; whole numbers are exact, and too large for this at some years.
  const rounded = Number.isInteger(total) ? total : Math.round(total * 1e6) / 1e6;
  return negative ? -rounded : rounded;
}

/** Prometheus's normal form: `1h30m`, `15s`, `250ms`, `0s`. Rounds to whole milliseconds. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  let rest = Math.round(ms);
  if (rest === 0) return '0s';
  let text = '';
  // A unit of years or weeks is only used when it divides exactly, as Prometheus prints it.
  for (const [unit, exact] of [
    ['y', true],
    ['w', true],
    ['d', false],
    ['h', false],
    ['m', false],
    ['s', false],
    ['ms', false],
  ] as const) {
    const size = unitMs[unit]!;
    if (exact && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** For people: `850ms`, `4.2s`, `1m30s`, `2h05m`. */
export function humanDuration(ms: number): string {
  if (ms < 0) return `-${humanDuration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0).replace(/\.0$/, '')}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** For people who need no more than the size of it, in whole days, hours, minutes or seconds: `29d`, `47h`, `90m`. */
export function coarseDuration(ms: number): string {
  const unit = [86_400_000, 3_600_000, 60_000, 1000].find((size) => ms >= 2 * size) ?? 1;
  return formatDuration(Math.round(ms / unit) * unit);
}
