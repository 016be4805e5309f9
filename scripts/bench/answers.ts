// Whether two answers of the query API say the same.

export const tolerance = 1e-9;

interface Entry {
  readonly metric: Readonly<Record<string, string>>;
  readonly values?: readonly Point[];
  readonly value?: Point;
}

type Point = readonly [time: number, value: string];

interface Body {
  readonly status: string;
  readonly data: { readonly result: readonly Entry[] };
}

/** The first difference, or undefined. Values may differ by `tolerance`, relative to the larger. */
export function differenceOf(ours: string, theirs: string): string | undefined {
  const [left, right] = [seriesOf(ours), seriesOf(theirs)];
  if (left.size === 0) return 'no series at all';
  if (left.size !== right.size) return `${left.size} series, not ${right.size}`;
  for (const [key, points] of left) {
    const others = right.get(key);
    if (!others) return `series ${key} is ours alone`;
    if (others.length !== points.length) return `${key}: ${points.length} points, not ${others.length}`;
    const at = points.findIndex((point, i) => !agree(point, others[i]!));
    if (at >= 0) return `${key}: ${points[at]} is not ${others[at]}`;
  }
  return undefined;
}

function seriesOf(text: string): Map<string, readonly Point[]> {
  const body = JSON.parse(text) as Body;
  if (body.status !== 'success') throw new Error(text.slice(0, 300));
  return new Map(
    body.data.result.map(({ metric, values, value }) => {
      const key = JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
      return [key, values ?? (value ? [value] : [])];
    }),
  );
}

function agree([timeA, textA]: Point, [timeB, textB]: Point): boolean {
  if (timeA !== timeB) return false;
  if (textA === textB) return true;
  const [a, b] = [Number(textA), Number(textB)];
  return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
}
