import { createMatcher } from '../../src/base/matcher.ts';
import { absent, type Queryable, stale } from '../../src/telemetry/metrics/series.ts';

/** All samples of the one series of this name that has these labels, stale markers included. */
export function samplesOf(
  store: Queryable,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): [number, number | 'stale'][] {
  const matchers = Object.entries({ __name__: name, ...labels }).map(([key, value]) =>
    createMatcher(key, '=', value),
  );
  const views = store.select(matchers, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  if (views.length > 1) throw new Error(`${views.length} series are called ${name}`);
  return views.flatMap(({ column, offset, values, states, first, last }) => {
    const samples: [number, number | 'stale'][] = [];
    for (let i = first; i < last; i++) {
      const state = states[i - offset];
      if (state === absent) continue;
      samples.push([column.times[i]!, state === stale ? 'stale' : values[i - offset]!]);
    }
    return samples;
  });
}

/** The values alone. */
export function valuesOf(store: Queryable, name: string, labels: Readonly<Record<string, string>> = {}) {
  return samplesOf(store, name, labels).map(([, value]) => value);
}
