// quantile over the series of a group, step by step: it needs them all at once.

import { quantileOf } from '../quantile.ts';
import type { Series } from '../values.ts';
import type { Fold } from './accumulate.ts';

export function quantile(quantiles: Float64Array): (steps: number) => Fold {
  return (steps) => {
    const members: Series[] = [];
    return {
      add: (series) => void members.push(series),
      finish() {
        const values = new Float64Array(steps);
        const held = new Uint8Array(steps);
        const buffer = new Float64Array(members.length);
        for (let i = 0; i < steps; i++) {
          let count = 0;
          for (const { values: column, presence } of members) if (presence[i]) buffer[count++] = column[i]!;
          if (count === 0) continue;
          held[i] = 1;
          values[i] = quantileOf(quantiles[i]!, buffer, count);
        }
        return { values, presence: held };
      },
    };
  };
}
