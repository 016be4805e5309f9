// What evaluation works on: a grid of evaluation times, and series with one value slot a step.

import type { Labels } from '../base/labels.ts';

/** Evaluation times: `startMs + i * stepMs` for 0 <= i < steps. An instant query has one step. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/**
 * One series over a grid. Slot i holds a value where `presence[i]` is 1; elsewhere the value is undefined. Arrays are
 * never changed once a series has been handed on, and may be shared.
 */
export interface Series {
  readonly labels: Labels;
  /** The metric name goes when the query ends (delayed name removal); without that feature always false. */
  readonly dropName: boolean;
  readonly values: Float64Array;
  readonly presence: Uint8Array;
}

/**
 * The windows of a range vector over one column of times: window i holds the samples lo[i] <= j < hi[i], those in
 * (ends[i] - range, ends[i]].
 */
export interface Windows {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly ends: Float64Array;
}

/**
 * One series of a range vector. Samples are dense: each j with first <= j < last has one, its value at
 * `values[j - offset]`, its time at `times[j]`. Windows reach beyond [first, last) where the column is shared.
 */
export interface RangeSeriesInput {
  readonly labels: Labels;
  readonly dropName: boolean;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly offset: number;
  readonly first: number;
  readonly last: number;
  readonly windows: Windows;
}

export interface ScalarValue {
  readonly kind: 'scalar';
  /** One value a step. */
  readonly values: Float64Array;
}

interface StringValue {
  readonly kind: 'string';
  readonly value: string;
}

export interface VectorValue {
  readonly kind: 'vector';
  /** In the order that an instant query returns. */
  readonly series: readonly Series[];
}

export interface MatrixValue {
  readonly kind: 'matrix';
  readonly rangeMs: number;
  readonly series: readonly RangeSeriesInput[];
}

export type Value = ScalarValue | StringValue | VectorValue | MatrixValue;

export function stepTime(grid: Grid, step: number): number {
  return grid.startMs + step * grid.stepMs;
}

export function vector(series: readonly Series[]): VectorValue {
  return { kind: 'vector', series };
}

export function scalar(values: Float64Array): ScalarValue {
  return { kind: 'scalar', values };
}

/** A series in the making: the only time at which its arrays change. */
export interface SeriesBuilder extends Series {
  /** How many slots hold a value. */
  count: number;
}

export function newSeries(labels: Labels, dropName: boolean, steps: number): SeriesBuilder {
  return { labels, dropName, values: new Float64Array(steps), presence: new Uint8Array(steps), count: 0 };
}

export function setValue(builder: SeriesBuilder, step: number, value: number): void {
  builder.values[step] = value;
  builder.count += 1 - builder.presence[step]!;
  builder.presence[step] = 1;
}

/** Builders that hold anything, as a vector. */
export function finished(builders: Iterable<SeriesBuilder>): VectorValue {
  return vector([...builders].filter((builder) => builder.count > 0));
}

export function countPresent(presence: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < presence.length; i++) count += presence[i]!;
  return count;
}
