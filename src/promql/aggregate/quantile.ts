// quantile over the series of a group, step by step.

import { quantileOf } from '../quantile.ts';
import { newSeries, setValue } from '../values.ts';
import type { Aggregation } from './accumulate.ts';

export function quantile(quantiles: Float64Array): Aggregation {
  return ({ labels, dropName, members }, steps) => {
    const out = newSeries(labels, dropName, steps);
    const buffer = new Float64Array(members.length);
    for (let i = 0; i < steps; i++) {
      let count = 0;
      for (const { values, presence } of members) if (presence[i]) buffer[count++] = values[i]!;
      if (count > 0) setValue(out, i, quantileOf(quantiles[i]!, buffer, count));
    }
    return out;
  };
}
