// One point of a classic histogram in strict OpenMetrics: which of its samples there are, and whether they agree.

import { parseNumber } from './number.ts';

export class HistogramPoint {
  readonly #isGauge: boolean;
  #lastBound = Number.NEGATIVE_INFINITY;
  #lastCount = 0;
  #hasNegativeBound = false;
  #hasInfinite = false;
  #count: number | undefined;
  #sum: number | undefined;

  constructor(type: 'histogram' | 'gaugehistogram') {
    this.#isGauge = type === 'gaugehistogram';
  }

  /** What is wrong with a sample, if anything. */
  add(suffix: string, bound: string | undefined, value: number): string | undefined {
    if (suffix === '_bucket') return this.#bucket(bound, value);
    if (suffix === '_created') return undefined;
    if (Number.isNaN(value)) return 'it is NaN';
    if (suffix === '_sum' || suffix === '_gsum') this.#sum = value;
    else this.#count = value;
    return value < 0 && suffix !== '_gsum' ? 'it is negative' : undefined;
  }

  /** What is wrong with the point now that all its samples are known, if anything. */
  mistake(): string | undefined {
    if (!this.#hasInfinite) return 'the bucket with le="+Inf" is missing';
    if (this.#count !== undefined && this.#count !== this.#lastCount)
      return 'the count differs from the bucket with le="+Inf"';
    const mayLackSum = this.#hasNegativeBound && !this.#isGauge;
    if (mayLackSum) return this.#sum === undefined ? undefined : 'a sum stands beside a negative bound';
    if ((this.#count === undefined) !== (this.#sum === undefined)) return 'count and sum stand together';
    if (this.#sum !== undefined && this.#sum < 0 && !this.#hasNegativeBound)
      return 'the sum is negative and no bound is';
    return undefined;
  }

  #bucket(boundText: string | undefined, value: number): string | undefined {
    if (boundText === undefined) return 'the label le is missing';
    const infinite = boundText === '+Inf';
    const bound = infinite ? Number.POSITIVE_INFINITY : parseNumber(boundText, 0, boundText.length);
    if (bound === undefined || (!infinite && !Number.isFinite(bound))) return `le is ${boundText}`;
    if (bound <= this.#lastBound) return 'the bounds do not rise';
    if (!Number.isInteger(value) || value < this.#lastCount)
      return 'a bucket is below the one before, or no count';
    this.#lastBound = bound;
    this.#lastCount = value;
    this.#hasInfinite ||= infinite;
    this.#hasNegativeBound ||= bound < 0;
    return undefined;
  }
}
