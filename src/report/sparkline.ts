// A series of values as one line of block characters, for the terminal and for Markdown.

const blocks = '▁▂▃▄▅▆▇█';

/**
 * One character a value, the oldest first; the last `width` values are shown. A gap (null) is a space. The scale runs
 * over the values and the threshold, so that a line far from its threshold looks far from it.
 */
export function sparkline(
  values: readonly (number | null)[],
  width: number,
  threshold: number | null = null,
): string {
  const shown = values.slice(-Math.max(0, width));
  const scaleValues = shown.filter((value): value is number => value !== null && Number.isFinite(value));
  if (threshold !== null && Number.isFinite(threshold)) scaleValues.push(threshold);
  const low = Math.min(...scaleValues);
  const high = Math.max(...scaleValues);
  return shown.map((value) => block(value, low, high)).join('');
}

function block(value: number | null, low: number, high: number): string {
  if (value === null || Number.isNaN(value)) return ' ';
  if (value === Number.POSITIVE_INFINITY) return blocks.at(-1)!;
  if (value === Number.NEGATIVE_INFINITY || high === low) return blocks[0]!;
  return blocks[Math.min(blocks.length - 1, Math.floor(((value - low) / (high - low)) * blocks.length))]!;
}

/** At most `count` values: of each stretch the one that is worst, which is the highest or the lowest. */
export function condense(
  values: readonly (number | null)[],
  count: number,
  worst: 'highest' | 'lowest',
): (number | null)[] {
  if (values.length <= count) return [...values];
  const isWorse = (a: number, b: number) => (worst === 'highest' ? a > b : a < b);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * values.length) / count);
    const to = Math.floor(((index + 1) * values.length) / count);
    let chosen: number | null = null;
    for (const value of values.slice(from, to)) {
      if (value !== null && (chosen === null || isWorse(value, chosen))) chosen = value;
    }
    return chosen;
  });
}
