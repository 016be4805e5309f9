// stdvar and stddev: the population variance over the series of a group, by Welford's method.

import type { Columns, Fold } from './accumulate.ts';

export function stdvar(steps: number): Fold {
  const squares = new Float64Array(steps);
  const held = new Uint8Array(steps);
  const means = new Float64Array(steps);
  const counts = new Uint32Array(steps);
  return {
    add({ values, presence }) {
      for (let i = 0; i < steps; i++) {
        if (presence[i] === 0) continue;
        const value = values[i]!;
        const count = ++counts[i]!;
        if (count === 1) {
          held[i] = 1;
          // A variance that begins with infinity or NaN is NaN, also over one series.
          squares[i] = Number.isFinite(value) ? 0 : Number.NaN;
          means[i] = value;
          continue;
        }
        const difference = value - means[i]!;
        means[i]! += difference / count;
        squares[i]! += difference * (value - means[i]!);
      }
    },
    finish(): Columns {
      for (let i = 0; i < steps; i++) if (counts[i]! > 0) squares[i]! /= counts[i]!;
      return { values: squares, presence: held };
    },
  };
}

export function stddev(steps: number): Fold {
  const { add, finish } = stdvar(steps);
  return {
    add,
    finish() {
      const { values, presence } = finish();
      return { values: values.map(Math.sqrt), presence };
    },
  };
}
