// What is said about the samples of one series in a window: texts that several functions share.

import type { Annotations } from './annotations.ts';
import { quote } from './syntax/quote.ts';

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
