// Buckets that others are added to, each with what rounding took from its sum. Histograms of one metric mostly list the
// same buckets, and then nothing is allocated.

import type { Buckets } from '../../telemetry/metrics/native-histogram.ts';
import { compensate } from '../kahan.ts';

export class CompensatedBuckets {
  /** Rising. */
  indexes: Int32Array;
  sums: Float64Array;
  compensations: Float64Array;

  constructor({ indexes, counts }: Buckets, lost?: Buckets) {
    this.indexes = indexes;
    this.sums = counts.slice();
    this.compensations = new Float64Array(indexes.length);
    if (!lost) return;
    this.#makeRoomFor(lost.indexes);
    lost.indexes.forEach((index, i) => {
      this.compensations[this.indexes.indexOf(index)] = lost.counts[i]!;
    });
  }

  add({ indexes, counts }: Buckets): void {
    this.#makeRoomFor(indexes);
    const { sums, compensations } = this;
    let slot = 0;
    for (let i = 0; i < indexes.length; i++) {
      while (this.indexes[slot] !== indexes[i]) slot++;
      const [before, count] = [sums[slot]!, counts[i]!];
      const sum = before + count;
      compensations[slot] = compensate(before, count, sum, compensations[slot]!);
      sums[slot] = sum;
    }
  }

  scale(compute: (value: number) => number): void {
    this.sums = this.sums.map(compute);
    this.compensations = this.compensations.map(compute);
  }

  total(): Buckets {
    const { indexes, sums, compensations } = this;
    return { indexes, counts: sums.map((sum, i) => sum + compensations[i]!) };
  }

  /** Adds an empty bucket for every index that is not listed yet. */
  #makeRoomFor(others: Int32Array): void {
    const { indexes } = this;
    if (isWithin(others, indexes)) return;
    const all = Int32Array.from(new Set([...indexes, ...others])).sort();
    const sums = new Float64Array(all.length);
    const compensations = new Float64Array(all.length);
    let slot = 0;
    for (let i = 0; i < indexes.length; i++) {
      while (all[slot] !== indexes[i]) slot++;
      sums[slot] = this.sums[i]!;
      compensations[slot] = this.compensations[i]!;
    }
    this.indexes = all;
    this.sums = sums;
    this.compensations = compensations;
  }
}

/** Whether every index of the first is in the second; both rise. */
function isWithin(some: Int32Array, all: Int32Array): boolean {
  if (some === all) return true;
  let slot = 0;
  for (let i = 0; i < some.length; i++) {
    while (slot < all.length && all[slot]! < some[i]!) slot++;
    if (all[slot] !== some[i]) return false;
  }
  return true;
}
