// Counters and histograms of our own, such as the load generator's, appended to the store like one more source.

import type { Clock } from '../../base/clock.ts';
import { type LabelRecord, Labels, metricName } from '../../base/labels.ts';
import { repeatAligned } from '../aligned-loop.ts';
import { normalBound } from './exposition/number.ts';
import type { BatchSample, SeriesStore } from './store.ts';

/** Upper bounds in seconds, fit for requests. */
const defaultBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class Counter {
  readonly #name: string;
  readonly #series = new Map<string, { readonly labels: Labels; value: number }>();

  /** `name` ends in `_total`. */
  constructor(name: string) {
    this.#name = name;
  }

  inc(labels: LabelRecord, amount = 1): void {
    const named = Labels.from({ ...labels, [metricName]: this.#name });
    const series = this.#series.get(named.key);
    if (series) series.value += amount;
    else this.#series.set(named.key, { labels: named, value: amount });
  }

  collect(): BatchSample[] {
    return [...this.#series.values()].map(({ labels, value }) => ({ labels, value }));
  }
}

/** A classic histogram: `_bucket` series with cumulative counts, `_sum` and `_count`. */
export class Histogram {
  readonly #name: string;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, HistogramSeries>();

  /** `bounds` rise and do not include infinity. */
  constructor(name: string, bounds: readonly number[] = defaultBuckets) {
    this.#name = name;
    this.#bounds = bounds;
  }

  observe(labels: LabelRecord, value: number): void {
    const key = Labels.from(labels).key;
    let series = this.#series.get(key);
    if (!series) {
      series = new HistogramSeries(this.#name, labels, this.#bounds);
      this.#series.set(key, series);
    }
    series.observe(value);
  }

  collect(): BatchSample[] {
    return [...this.#series.values()].flatMap((series) => series.collect());
  }
}

class HistogramSeries {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  readonly #bucketLabels: readonly Labels[];
  readonly #sumLabels: Labels;
  readonly #countLabels: Labels;
  #sum = 0;

  constructor(name: string, labels: LabelRecord, bounds: readonly number[]) {
    const part = (suffix: string, more: LabelRecord = {}) =>
      Labels.from({ ...labels, ...more, [metricName]: `${name}_${suffix}` });
    this.#bounds = [...bounds, Number.POSITIVE_INFINITY];
    this.#counts = this.#bounds.map(() => 0);
    this.#bucketLabels = this.#bounds.map((bound) => part('bucket', { le: normalBound(String(bound)) }));
    this.#sumLabels = part('sum');
    this.#countLabels = part('count');
  }

  observe(value: number): void {
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    this.#counts[bucket]!++;
    this.#sum += value;
  }

  collect(): BatchSample[] {
    let count = 0;
    const buckets = this.#bucketLabels.map((labels, i) => {
      count += this.#counts[i]!;
      return { labels, value: count };
    });
    return [
      ...buckets,
      { labels: this.#sumLabels, value: this.#sum },
      { labels: this.#countLabels, value: count },
    ];
  }
}

export interface InstrumentFeed {
  readonly source: string;
  readonly instruments: readonly { collect(): BatchSample[] }[];
  readonly store: SeriesStore;
  readonly clock: Clock;
  readonly intervalMs: number;
}

/**
 * Appends what the instruments hold, at once and then at whole intervals; resolves after `signal` is aborted. Rejects
 * with FD708 when the store is full.
 */
export function feedInstruments(feed: InstrumentFeed, signal: AbortSignal): Promise<void> {
  const { source, instruments, store, clock, intervalMs } = feed;
  return repeatAligned(clock, intervalMs, signal, (atMs) =>
    store.appendBatch({ source, atMs, samples: instruments.flatMap((instrument) => instrument.collect()) }),
  );
}
