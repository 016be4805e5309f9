// What both text formats come to: families with their metadata, and samples in the order of the text. Most of a
// scrape is the same as the one before, so the text of each series is looked up in a table that the caller keeps
// from scrape to scrape; only a text that was never seen is taken apart.

import { UserError } from '../../../base/diagnostics.ts';
import type { NativeHistogram } from '../native-histogram.ts';

/** In the order of the text, the metric's name first as `__name__`; empty values are still there. */
export type LabelPairs = readonly (readonly [name: string, value: string])[];

export const metricTypes = [
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
] as const;

export type MetricType = (typeof metricTypes)[number];

export interface MetricFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}

export interface Exemplar {
  readonly labels: LabelPairs;
  readonly value: number;
  readonly atMs: number | undefined;
}

export interface ExposedSample<S> {
  readonly series: S;
  readonly value: number;
  /** The sample's own timestamp, Unix milliseconds. */
  readonly atMs: number | undefined;
  readonly exemplar?: Exemplar;
  /** A native histogram in place of the value. */
  readonly histogram?: NativeHistogram;
  /** Since when a counter or histogram has counted, Unix milliseconds. */
  readonly startMs?: number;
}

export interface Exposition<S> {
  /** Those that the text has metadata for. */
  readonly families: readonly MetricFamily[];
  readonly samples: readonly ExposedSample<S>[];
}

/** From the text of a series, such as `up{job="a"}`, to what the caller keeps of it. */
export class SeriesTable<S> {
  readonly #create: (pairs: LabelPairs) => S;
  readonly #known = new Map<string, S>();

  constructor(create: (pairs: LabelPairs) => S) {
    this.#create = create;
  }

  get size(): number {
    return this.#known.size;
  }

  find(text: string): S | undefined {
    return this.#known.get(text);
  }

  define(text: string, pairs: LabelPairs): S {
    const series = this.#create(pairs);
    this.#known.set(text, series);
    return series;
  }

  /** Forgets the series for which `remains` is false. */
  keep(remains: (series: S) => boolean): void {
    for (const [text, series] of this.#known) if (!remains(series)) this.#known.delete(text);
  }
}

/** The text breaks its format. */
export class ExpositionError extends UserError {
  /** Counts from 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super([{ code: 'FD706', severity: 'error', message: `line ${line}: ${message}` }]);
    this.name = 'ExpositionError';
    this.line = line;
  }
}
