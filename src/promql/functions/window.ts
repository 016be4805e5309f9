// What a window of samples holds, where floats and histograms may stand beside each other.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import type { Annotations } from '../annotations.ts';
import { quote } from '../syntax/quote.ts';
import type { RangeSeriesInput } from '../values.ts';
import { argumentStart, type FunctionInput } from './function.ts';

/** The histograms among the samples from <= j < to. */
export function histogramsIn(
  { histograms, offset }: RangeSeriesInput,
  from: number,
  to: number,
): NativeHistogram[] {
  const found: NativeHistogram[] = [];
  for (let j = from; j < to; j++) {
    const histogram = histograms?.[j - offset];
    if (histogram) found.push(histogram);
  }
  return found;
}

/** Notes about the samples of one series. */
export class WindowNotes {
  readonly #annotations: Annotations;
  readonly #name: string;
  readonly #start: number;

  /** `start`: the place in the expression that the notes name. */
  constructor(annotations: Annotations, metric: string, start: number) {
    this.#annotations = annotations;
    this.#name = quote(metric);
    this.#start = start;
  }

  mixedFloatsAndHistograms(): void {
    this.#warn(`encountered a mix of histograms and floats for metric name ${this.#name}`);
  }

  mixedSchemas(): void {
    const text =
      'vector contains a mix of histograms with exponential and custom buckets schemas for metric name';
    this.#warn(`${text} ${this.#name}`);
  }

  notCounter(): void {
    this.#warn(`this native histogram metric is not a counter: ${this.#name}`);
  }

  notGauge(): void {
    this.#warn(`this native histogram metric is not a gauge: ${this.#name}`);
  }

  reconciled(operation: 'addition' | 'subtraction' | 'aggregation'): void {
    this.#annotations.info(`mismatched custom buckets were reconciled during ${operation}`, this.#start);
  }

  conflictingResets(): void {
    this.#warn('conflicting counter resets during histogram aggregation');
  }

  startOverlap(): void {
    this.#annotations.startOverlap(this.#name, this.#start);
  }

  #warn(text: string): void {
    this.#annotations.warn(text, this.#start);
  }
}

/** Notes of a function over a range, at the place of its first argument. */
export function notesOn(input: FunctionInput, { labels }: RangeSeriesInput): WindowNotes {
  return new WindowNotes(input.context.annotations, labels.name, argumentStart(input, 0));
}
