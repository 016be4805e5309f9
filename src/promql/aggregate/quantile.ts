// quantile over the series of a group, step by step: it needs them all at once.

import type { Interrupt } from '../interrupt.ts';
import { quantileOf } from '../quantile.ts';
import type { Series } from '../values.ts';
import type { Fold } from './accumulate.ts';

export function quantile(quantiles: Float64Array, interrupt: Interrupt): (steps: number) => Fold {
  return (steps) => {
    const members: Series[] = [];
    return {
      add: (series) => void members.push(series),
      finish() {
        const values = new Float64Array(steps);
        const held = new Uint8Array(steps);
        const columns = members.map((member) => member.values);
        const presences = members.map((member) => member.presence);
        const buffer = new Float64Array(members.length);
        for (let i = 0; i < steps; i++) {
          interrupt.spend(columns.length);
          let count = 0;
          for (let m = 0; m < columns.length; m++) {
            if (presences[m]![i] === 1) buffer[count++] = columns[m]![i]!;
          }
          if (count === 0) continue;
          held[i] = 1;
          values[i] = quantileOf(quantiles[i]!, buffer, count);
        }
        return { values, presence: held };
      },
    };
  };
}
