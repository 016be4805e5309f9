// stdvar and stddev: the population variance over the series of a group, by Welford's method.

import { newSeries, setValue } from '../values.ts';
import type { Aggregation } from './accumulate.ts';

export const stdvar: Aggregation = ({ labels, dropName, members }, steps) => {
  const out = newSeries(labels, dropName, steps);
  const means = new Float64Array(steps);
  const counts = new Uint32Array(steps);
  for (const { values, presence } of members) {
    for (let i = 0; i < steps; i++) {
      if (!presence[i]) continue;
      const value = values[i]!;
      const count = ++counts[i]!;
      if (count === 1) {
        // A variance that begins with infinity or NaN is NaN, also over one series.
        setValue(out, i, Number.isFinite(value) ? 0 : Number.NaN);
        means[i] = value;
        continue;
      }
      const difference = value - means[i]!;
      means[i]! += difference / count;
      out.values[i]! += difference * (value - means[i]!);
    }
  }
  for (let i = 0; i < steps; i++) if (counts[i]! > 0) out.values[i]! /= counts[i]!;
  return out;
};

export const stddev: Aggregation = (group, steps) => {
  const out = stdvar(group, steps);
  for (let i = 0; i < steps; i++) out.values[i] = Math.sqrt(out.values[i]!);
  return out;
};
