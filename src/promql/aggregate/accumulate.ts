// Aggregations that fold one series after another into columns of the group: no step ever gathers a vector, and a series
// that has been added is not needed any more.

import { compensate, KahanMean } from '../kahan.ts';
import type { Series } from '../values.ts';

/** Folds the values of series into one value a step; slots that no series has filled mean nothing. */
export interface Fold {
  add(series: Series): void;
  /** Called once, when all have been added. */
  finish(): Columns;
}

export interface Columns {
  readonly values: Float64Array;
  readonly presence: Uint8Array;
}

function newColumns(steps: number): Columns {
  return { values: new Float64Array(steps), presence: new Uint8Array(steps) };
}

/** Sums of a group, a step each, and what rounding took from them. Who computes values may add them here itself. */
export class Sums implements Fold {
  /** From negative zero: a sum of such is one too. */
  readonly sums: Float64Array;
  readonly compensations: Float64Array;
  readonly #held: Uint8Array;
  #lastShared: Uint8Array | undefined;
  /** What somebody else has yet to add, who gathers series to add several at once. */
  pending: { flush(): void } | undefined;

  constructor(steps: number) {
    this.sums = new Float64Array(steps).fill(-0);
    this.compensations = new Float64Array(steps);
    this.#held = new Uint8Array(steps);
  }

  add({ values, presence }: Series): void {
    addValues(values, presence, this.sums, this.compensations, this.#held);
  }

  /** Says at which steps values were added from outside; the array is one that nobody writes any more. */
  hold(presence: Uint8Array): void {
    // Columns of one rhythm say the same.
    if (this.#lastShared && Buffer.compare(presence, this.#lastShared) === 0) return;
    this.#lastShared = presence;
    const held = this.#held;
    for (let i = 0; i < held.length; i++) held[i]! |= presence[i]!;
  }

  finish(): Columns {
    this.pending?.flush();
    const { sums, compensations } = this;
    for (let i = 0; i < sums.length; i++) {
      // Of an infinity or NaN there is nothing to compensate.
      if (compensations[i] !== 0 && Number.isFinite(sums[i]!)) sums[i]! += compensations[i]!;
    }
    return { values: sums, presence: this.#held };
  }
}

function addValues(
  values: Float64Array,
  presence: Uint8Array,
  sums: Float64Array,
  compensations: Float64Array,
  held: Uint8Array,
): void {
  for (let i = 0; i < sums.length; i++) {
    if (presence[i] === 0) continue;
    const value = values[i]!;
    const before = sums[i]!;
    const total = before + value;
    // What rounding took, by Knuth's two-sum: no branch asks which of the two is larger.
    const part = total - before;
    compensations[i]! += before - (total - part) + (value - part);
    sums[i] = total;
    held[i] = 1;
  }
}

/** A sum until it would overflow; from there on that step has a running mean. */
export function avg(steps: number): Fold {
  const { values: sums, presence: held } = newColumns(steps);
  const compensations = new Float64Array(steps);
  const counts = new Float64Array(steps);
  const running = new Map<number, KahanMean>();
  const addOverflowing = (step: number, value: number) => {
    let mean = running.get(step);
    if (!mean) {
      mean = KahanMean.after(counts[step]!, sums[step]!, compensations[step]!);
      running.set(step, mean);
    }
    mean.add(value);
  };
  return {
    add({ values, presence }) {
      for (let i = 0; i < steps; i++) {
        if (presence[i] === 0) continue;
        const value = values[i]!;
        const before = sums[i]!;
        // The first value may itself be infinite, which is no overflow.
        const total = held[i] === 0 ? value : before + value;
        const overflows = total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY;
        if (held[i] === 1 && (overflows || (running.size > 0 && running.has(i)))) {
          addOverflowing(i, value);
          continue;
        }
        if (held[i] === 1) compensations[i] = compensate(before, value, total, compensations[i]!);
        held[i] = 1;
        sums[i] = total;
        counts[i]!++;
      }
    },
    finish() {
      for (let i = 0; i < steps; i++) {
        if (held[i] === 1) sums[i] = sums[i]! / counts[i]! + compensations[i]! / counts[i]!;
      }
      for (const [step, mean] of running) sums[step] = mean.mean;
      return { values: sums, presence: held };
    },
  };
}

/** Folds values pairwise, beginning with the first. */
function folding(
  first: (value: number) => number,
  fold: (held: number, value: number) => number,
): (steps: number) => Fold {
  return (steps) => {
    const { values: results, presence: held } = newColumns(steps);
    return {
      add({ values, presence }) {
        for (let i = 0; i < steps; i++) {
          if (presence[i] === 0) continue;
          results[i] = held[i] === 1 ? fold(results[i]!, values[i]!) : first(values[i]!);
          held[i] = 1;
        }
      },
      finish: () => ({ values: results, presence: held }),
    };
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
