// The input series of a test, fed into a store as time goes on: what lies ahead must not be seen.

import type { Labels } from '../../base/labels.ts';
import type { BatchSample, SeriesStore } from '../../telemetry/metrics/store.ts';
import { TestError } from './failure.ts';
import type { InputSeries, UnitTest } from './model.ts';
import { NotationError } from './notation-error.ts';
import { type Point, parsePoints, parseSeriesLabels } from './series-notation.ts';

export interface Input {
  readonly labels: Labels;
  readonly points: readonly Point[];
}

/** Values that all series of one test may have. */
const valuesMax = 10_000_000;

/** Throws a TestError. Of two that set one series the later counts. */
export function readInputs(inputs: readonly InputSeries[]): Input[] {
  const byLabels = new Map<string, Input>();
  let values = 0;
  for (const input of inputs) {
    const labels = at(input, input.series, () => parseSeriesLabels(input.series));
    const points = at(input, `values of ${input.series}`, () => parsePoints(input.values));
    values += points.length;
    if (values > valuesMax)
      throw new TestError(`the input series have more than ${valuesMax} values`, input.place);
    byLabels.set(labels.key, { labels, points });
  }
  return [...byLabels.values()];
}

function at<T>({ place }: InputSeries, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotationError) throw new TestError(`${what}: ${error.message}`, place);
    throw error;
  }
}

export class InputFeed {
  readonly #inputs: readonly Input[];
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #length: number;
  readonly #store: SeriesStore;
  #next = 0;

  constructor(inputs: readonly Input[], { startMs, intervalMs }: UnitTest, store: SeriesStore) {
    this.#inputs = inputs;
    this.#startMs = startMs;
    this.#intervalMs = intervalMs;
    this.#length = inputs.reduce((length, { points }) => Math.max(length, points.length), 0);
    this.#store = store;
  }

  /** Appends what comes up to and including `atMs`. */
  feedUntil(atMs: number): void {
    for (; this.#next < this.#length; this.#next++) {
      const sampleMs = this.#startMs + this.#next * this.#intervalMs;
      if (sampleMs > atMs) return;
      const samples: BatchSample[] = [];
      for (const { labels, points } of this.#inputs) {
        const sample = sampleOf(labels, points[this.#next]);
        if (sample) samples.push(sample);
      }
      this.#store.appendBatch({ source: 'input', atMs: sampleMs, samples });
    }
  }
}

function sampleOf(labels: Labels, point: Point | undefined): BatchSample | undefined {
  switch (point?.kind) {
    case 'float':
      return { labels, value: point.value };
    case 'histogram':
      return { labels, value: Number.NaN, histogram: point.histogram };
    case 'stale':
      return { labels, value: Number.NaN, stale: true };
    default:
      return undefined;
  }
}
