// What evaluation works on: a grid of evaluation times, and series with one value slot a step.

import type { Labels } from '../base/labels.ts';
import type { NativeHistogram } from '../telemetry/metrics/native-histogram.ts';

/** Evaluation times: `startMs + i * stepMs` for 0 <= i < steps. An instant query has one step. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly steps: number;
}

/** Native histograms in the slots that hold one; the other slots are undefined. */
type Histograms = readonly (NativeHistogram | undefined)[];

/**
 * One series over a grid. Slot i holds a sample where `presence[i]` is 1: the histogram of that slot, or else the value.
 * Elsewhere both mean nothing. Arrays are never changed once a series has been handed on, and may be shared.
 */
export interface Series {
  readonly labels: Labels;
  /** The metric name goes when the query ends (delayed name removal); without that feature always false. */
  readonly dropName: boolean;
  readonly values: Float64Array;
  readonly presence: Uint8Array;
  readonly histograms?: Histograms | undefined;
}

/**
 * The windows of a range vector over one column of times: window i holds the samples lo[i] <= j < hi[i], those in
 * (ends[i] - range, ends[i]].
 */
export interface Windows {
  readonly lo: Int32Array;
  readonly hi: Int32Array;
  readonly ends: Float64Array;
  /** Samples in the longest of them. */
  readonly longest: number;
  /** Samples in an average one. */
  readonly mean: number;
  /** 1 where a window holds a sample at all, and how often that is. */
  readonly held: Uint8Array;
  readonly heldCount: number;
}

/** Whether a series has samples wherever its column has them in the windows. */
export function fillsWindows({ lo, hi }: Windows, first: number, last: number): boolean {
  return first <= lo[0]! && last >= hi[hi.length - 1]!;
}

/**
 * One series of a range vector. Samples are dense: each j with first <= j < last has one, at `times[j]`: the histogram at
 * `histograms[j - offset]` where there is one, or else `values[j - offset]`. Windows reach beyond [first, last) where the
 * column is shared.
 */
export interface RangeSeriesInput {
  readonly labels: Labels;
  readonly dropName: boolean;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: Histograms | undefined;
  /** Start timestamps beside the values, 0 where unknown; only where the query uses them. */
  readonly starts?: Float64Array | undefined;
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
  /** Set when the windows reach beyond the range, for functions that look at what lies around its edges. */
  readonly boundary?: Boundary | undefined;
  readonly series: readonly RangeSeriesInput[];
}

/** By how much the windows of an `anchored` or `smoothed` selector are wider than its range. */
export interface Boundary {
  readonly modifier: 'anchored' | 'smoothed';
  readonly beforeMs: number;
  readonly afterMs: number;
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
  /** Its own, or in place of that one which other series share and which must not be written. */
  presence: Uint8Array;
  histograms: (NativeHistogram | undefined)[] | undefined;
  /** How many slots hold a value. */
  count: number;
}

export function newSeries(labels: Labels, dropName: boolean, steps: number): SeriesBuilder {
  const [values, presence] = [new Float64Array(steps), new Uint8Array(steps)];
  return { labels, dropName, values, presence, histograms: undefined, count: 0 };
}

export function setValue(builder: SeriesBuilder, step: number, value: number): void {
  builder.values[step] = value;
  builder.count += 1 - builder.presence[step]!;
  builder.presence[step] = 1;
}

export function setHistogram(builder: SeriesBuilder, step: number, histogram: NativeHistogram): void {
  builder.histograms ??= new Array(builder.values.length).fill(undefined);
  builder.histograms[step] = histogram;
  setValue(builder, step, 0);
}

/** Copies the sample of a slot, whatever it is. */
export function setSample(builder: SeriesBuilder, step: number, from: Series, slot = step): void {
  const histogram = from.histograms?.[slot];
  if (histogram) setHistogram(builder, step, histogram);
  else setValue(builder, step, from.values[slot]!);
}

/** The series without the samples that are histograms; `onIgnored` is told when there were any. */
export function floatsOnly(series: readonly Series[], onIgnored?: () => void): readonly Series[] {
  if (!series.some(({ histograms }) => histograms)) return series;
  return series.flatMap((one) => {
    const { histograms } = one;
    if (!histograms) return [one];
    const presence = one.presence.map((held, i) => (held && !histograms[i] ? 1 : 0));
    const kept = countPresent(presence);
    if (kept < countPresent(one.presence)) onIgnored?.();
    return kept > 0 ? [{ ...one, presence, histograms: undefined }] : [];
  });
}

/** What a histogram counts for where samples are limited: about as many numbers as it holds. */
export function histogramWeight({ positive, negative }: NativeHistogram): number {
  return 8 + positive.counts.length + negative.counts.length;
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
