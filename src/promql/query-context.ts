// What holds for one query while it runs: its source, its times, its limits, and what it collects.

import { UserError } from '../base/diagnostics.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';
import type { Annotations } from './annotations.ts';
import type { Interrupt } from './interrupt.ts';
import type { Windowing } from './select/windows.ts';

export interface QueryContext {
  readonly source: Queryable;
  readonly lookbackMs: number;
  readonly defaultSubqueryStepMs: number;
  readonly delayedNameRemoval: boolean;
  /** rate() and its kin look at when counters began, where that is known. */
  readonly useStartTimestamps: boolean;
  /** Whether a metric is a counter is said by its label `__type__` rather than by its name. */
  readonly typeLabels: boolean;
  readonly annotations: Annotations;
  readonly budget: SampleBudget;
  readonly interrupt: Interrupt;
  /** Windows that several selectors share, by range and times. */
  readonly windowings: Map<string, Windowing>;
}

/** Counts the samples that are held at once, and ends the query when they are too many. */
export class SampleBudget {
  readonly #max: number;
  /** Whether samples that are read are counted too, which costs a look at every window. */
  readonly countsReads: boolean;
  #held = 0;
  #peak = 0;
  #read = 0;

  constructor(max: number, countsReads: boolean) {
    this.#max = max;
    this.countsReads = countsReads;
  }

  /** The most that was held at once. */
  get peak(): number {
    return this.#peak;
  }

  /** Samples that selectors have found, a sample again at each step that it counts for. */
  get read(): number {
    return this.#read;
  }

  countRead(samples: number): void {
    this.#read += samples;
  }

  get held(): number {
    return this.#held;
  }

  charge(samples: number): void {
    this.#held += samples;
    if (this.#held > this.#peak) this.#peak = this.#held;
    if (this.#held <= this.#max) return;
    throw UserError.of(
      'FD205',
      'query processing would load too many samples into memory in query execution',
    );
  }

  /** Samples that are held in passing, beside the others. */
  chargeFleeting(samples: number): void {
    this.charge(samples);
    this.#held -= samples;
  }

  /** What was held before an operand was evaluated, and of it only its result remains. */
  settle(before: number, result: number): void {
    this.#held = before;
    this.charge(result);
  }
}
