// What a window of samples holds, where floats and histograms may stand beside each other.

import type { NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
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

/** The notes that functions over ranges make about a series, at the place of their first argument. */
export class SeriesNotes {
  readonly #input: FunctionInput;
  readonly #name: string;

  constructor(input: FunctionInput, { labels }: RangeSeriesInput) {
    this.#input = input;
    this.#name = quote(labels.name);
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
    const text = `mismatched custom buckets were reconciled during ${operation}`;
    this.#input.context.annotations.info(text, this.#start());
  }

  conflictingResets(): void {
    this.#warn('conflicting counter resets during histogram aggregation');
  }

  startOverlap(): void {
    const { context } = this.#input;
    context.annotations.startOverlap(this.#name, this.#start());
  }

  #warn(text: string): void {
    this.#input.context.annotations.warn(text, this.#start());
  }

  #start(): number {
    return argumentStart(this.#input, 0);
  }
}
