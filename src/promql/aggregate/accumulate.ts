// Aggregations that fold one series after another into columns of the group: no step ever gathers a vector.

import { compensate, KahanMean } from '../kahan.ts';
import { newSeries, type SeriesBuilder, setValue } from '../values.ts';
import type { Group } from './grouping.ts';

/** Reduces a group to its series. */
export type Aggregation = (group: Group, steps: number) => SeriesBuilder;

export const sum: Aggregation = ({ labels, dropName, members }, steps) => {
  const out = newSeries(labels, dropName, steps);
  const compensations = new Float64Array(steps);
  for (const { values, presence } of members) {
    for (let i = 0; i < steps; i++) {
      if (!presence[i]) continue;
      const value = values[i]!;
      if (!out.presence[i]) {
        setValue(out, i, value);
        continue;
      }
      const before = out.values[i]!;
      const total = before + value;
      compensations[i] = compensate(before, value, total, compensations[i]!);
      out.values[i] = total;
    }
  }
  for (let i = 0; i < steps; i++) if (compensations[i] !== 0) out.values[i]! += compensations[i]!;
  return out;
};

/** Step by step, because the mean changes its method where a sum overflows. */
export const avg: Aggregation = ({ labels, dropName, members }, steps) => {
  const out = newSeries(labels, dropName, steps);
  const mean = new KahanMean();
  for (let i = 0; i < steps; i++) {
    mean.reset();
    let count = 0;
    for (const { values, presence } of members) {
      if (!presence[i]) continue;
      mean.add(values[i]!);
      count++;
    }
    if (count > 0) setValue(out, i, mean.mean);
  }
  return out;
};

/** Folds values pairwise, beginning with the first. */
function folding(
  first: (value: number) => number,
  fold: (held: number, value: number) => number,
): Aggregation {
  return ({ labels, dropName, members }, steps) => {
    const out = newSeries(labels, dropName, steps);
    for (const { values, presence } of members) {
      for (let i = 0; i < steps; i++) {
        if (!presence[i]) continue;
        if (out.presence[i]) out.values[i] = fold(out.values[i]!, values[i]!);
        else setValue(out, i, first(values[i]!));
      }
    }
    return out;
  };
}

const itself = (value: number) => value;

// NaN is the extreme only where there is nothing else.
export const max = folding(itself, (held, value) => (held < value || Number.isNaN(held) ? value : held));
export const min = folding(itself, (held, value) => (held > value || Number.isNaN(held) ? value : held));
export const count = folding(
  () => 1,
  (held) => held + 1,
);
export const group = folding(
  () => 1,
  (held) => held,
);
