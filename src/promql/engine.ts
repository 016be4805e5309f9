// Runs expressions over a source of series. Everything is synchronous and depends on nothing but its arguments: the
// same source, expression and times give the same result.

import { UserError } from '../base/diagnostics.ts';
import { compareLabels, Labels } from '../base/labels.ts';
import type { NativeHistogram } from '../telemetry/metrics/native-histogram.ts';
import type { Queryable } from '../telemetry/metrics/series.ts';
import { Annotations, type MonotonicityFix } from './annotations.ts';
import { type Expr, typeOf, unwrapParens } from './ast.ts';
import { mergeDuplicates } from './duplicates.ts';
import { queryError } from './errors.ts';
import { Evaluator } from './evaluate.ts';
import { type Features, noFeatures } from './features.ts';
import { formatGeneral, formatTwoDigits } from './format.ts';
import { Interrupt } from './interrupt.ts';
import { dropMetadata } from './metadata-labels.ts';
import { planExpr, StepInvariance } from './plan.ts';
import { type QueryContext, SampleBudget } from './query-context.ts';
import { edgeValues, reachOf } from './select/edges.ts';
import { samplesInLongest } from './select/longest-window.ts';
import { markStatistics } from './select/statistics.ts';
import {
  type Boundary,
  countPresent,
  type Grid,
  type MatrixValue,
  type RangeSeriesInput,
  type Series,
  stepTime,
  type Value,
} from './values.ts';
import { lookbackMsDefault } from './walk.ts';

export interface QueryOptions {
  /** How old a sample may be that an instant selector returns; 300,000. */
  readonly lookbackMs?: number;
  /** Samples held at once before the query fails with FD205; 50,000,000. */
  readonly maxSamples?: number;
  /** Asked from time to time; when it says yes, the query fails with FD206. Without it a query takes what it takes. */
  readonly isExpired?: () => boolean;
  /** Step of subqueries that name none; 60,000. */
  readonly defaultSubqueryStepMs?: number;
  /** The feature `promql-delayed-name-removal` by itself. */
  readonly delayedNameRemoval?: boolean;
  /** What Prometheus keeps behind feature flags; none. */
  readonly features?: Features;
  /** Whether the result says how many samples were read; counting costs a little. */
  readonly countSamples?: boolean;
  /** The expression's source, for line and column in warnings; without it they count as if it were one line of ASCII. */
  readonly text?: string;
}

/** A series of a result: only the points that exist. Times are Unix milliseconds. */
export interface RangeSeries {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Beside the values, in a series that has native histograms: a point is the histogram where there is one. */
  readonly histograms?: readonly (NativeHistogram | undefined)[];
}

export interface VectorSample {
  readonly labels: Labels;
  readonly atMs: number;
  readonly value: number;
  /** The sample is this native histogram, and `value` means nothing. */
  readonly histogram?: NativeHistogram;
}

interface Notes {
  readonly warnings: string[];
  readonly infos: string[];
  readonly sampleCounts: SampleCounts;
}

export interface SampleCounts {
  /** Samples that the expression looked at, a sample again at each step; 0 unless the options ask for it. */
  readonly read: number;
  /** The most samples that were held at once. */
  readonly peak: number;
}

export type InstantResult = (
  | { readonly type: 'vector'; readonly samples: VectorSample[] }
  | { readonly type: 'scalar'; readonly atMs: number; readonly value: number }
  | { readonly type: 'string'; readonly atMs: number; readonly value: string }
  | { readonly type: 'matrix'; readonly series: RangeSeries[] }
) &
  Notes;

export interface RangeResult extends Notes {
  /** In the order of their labels. */
  readonly series: RangeSeries[];
}

/** Evaluates at one time. A range vector yields the samples in its range. */
export function instantQuery(
  source: Queryable,
  expr: Expr,
  atMs: number,
  options: QueryOptions = {},
): InstantResult {
  const { value, notes } = run(source, expr, { startMs: atMs, stepMs: 1, steps: 1 }, options);
  switch (value.kind) {
    case 'scalar':
      return { type: 'scalar', atMs, value: value.values[0]!, ...notes };
    case 'string':
      return { type: 'string', atMs, value: value.value, ...notes };
    case 'matrix':
      return { type: 'matrix', series: sorted(rawSeries(value)), ...notes };
    case 'vector': {
      const samples = value.series.map(({ labels, values, histograms }): VectorSample => {
        const histogram = histograms?.[0];
        return { labels, atMs, value: values[0]!, ...(histogram && { histogram }) };
      });
      return { type: 'vector', samples, ...notes };
    }
  }
}

/** Evaluates at start, start + step, … up to and including end. */
export function rangeQuery(
  source: Queryable,
  expr: Expr,
  startMs: number,
  endMs: number,
  stepMs: number,
  options: QueryOptions = {},
): RangeResult {
  const type = typeOf(expr);
  if (type === 'string' || type === 'matrix') {
    const name = type === 'matrix' ? 'range vector' : type;
    const message = `invalid expression type "${name}" for range query, must be Scalar or instant Vector`;
    throw UserError.of('FD202', message);
  }
  if (!(stepMs > 0)) throw queryError('zero or negative query resolution step widths are not accepted');
  if (endMs < startMs) throw queryError('end timestamp must not be before start time');
  const grid: Grid = { startMs, stepMs, steps: Math.floor((endMs - startMs) / stepMs) + 1 };
  const { value, notes } = run(source, expr, grid, options);
  return { series: sorted(seriesOf(value, grid)), ...notes };
}

const maxSamplesDefault = 50_000_000;
const defaultSubqueryStepMs = 60_000;

function run(
  source: Queryable,
  expr: Expr,
  query: Grid,
  options: QueryOptions,
): { value: Value; notes: Notes } {
  const annotations = new Annotations();
  const budget = new SampleBudget(options.maxSamples ?? maxSamplesDefault, options.countSamples ?? false);
  const features = options.features ?? noFeatures;
  const context: QueryContext = {
    source,
    lookbackMs: options.lookbackMs ?? lookbackMsDefault,
    defaultSubqueryStepMs: options.defaultSubqueryStepMs ?? defaultSubqueryStepMs,
    delayedNameRemoval: options.delayedNameRemoval ?? features.has('promql-delayed-name-removal'),
    useStartTimestamps: features.has('use-start-timestamps'),
    typeLabels: features.has('type-and-unit-labels'),
    annotations,
    budget,
    interrupt: new Interrupt(options.isExpired ?? (() => false)),
    windowings: new Map(),
  };
  // Even a scalar holds one number a step.
  budget.settle(0, query.steps > 1 ? query.steps : 0);
  const evaluator = new Evaluator(context, query, new StepInvariance());
  const value = finish(evaluator.evaluate(planExpr(markStatistics(expr), query), query));
  // A range vector is read in place by what takes it; as a result it is held. What a subquery has made is already.
  if (value.kind === 'matrix' && unwrapParens(expr).kind === 'matrixSelector')
    for (const one of value.series) budget.charge(samplesInLongest(one));
  const sampleCounts = { read: budget.read, peak: budget.peak };
  return { value, notes: { ...annotations.render(options.text, describeFix), sampleCounts } };
}

/** Removes the names that delayed removal has kept until now. */
function finish(value: Value): Value {
  if (value.kind !== 'vector' || !value.series.some(({ dropName }) => dropName)) return value;
  const named = value.series.map((one): Series => {
    return one.dropName ? { ...one, labels: dropMetadata(one.labels), dropName: false } : one;
  });
  return { kind: 'vector', series: mergeDuplicates(named) };
}

function describeFix({ minBucket, maxBucket, maxDiff, count, firstMs, lastMs }: MonotonicityFix): string {
  const buckets = `from buckets ${formatGeneral(minBucket)} to ${formatGeneral(maxBucket)}`;
  const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const samples = `over ${count} samples from ${time(firstMs)} to ${time(lastMs)}`;
  return `${buckets}, with a max diff of ${formatTwoDigits(maxDiff)}, ${samples}`;
}

function sorted(series: RangeSeries[]): RangeSeries[] {
  return series.sort((a, b) => compareLabels(a.labels, b.labels));
}

/** A result over the grid, as points. */
function seriesOf(value: Value, grid: Grid): RangeSeries[] {
  const times = Float64Array.from({ length: grid.steps }, (_, step) => stepTime(grid, step));
  if (value.kind === 'scalar') return [{ labels: Labels.empty, times, values: value.values }];
  if (value.kind !== 'vector') throw new Error(`a range query cannot yield a ${value.kind}`);
  return value.series.map((one) => points(one, times)).filter(({ times }) => times.length > 0);
}

/** `gridTimes` becomes the times of a series that has a point at every step. */
function points({ labels, values, presence, histograms }: Series, gridTimes: Float64Array): RangeSeries {
  const count = countPresent(presence);
  if (count === gridTimes.length)
    return { labels, times: gridTimes, values, ...(histograms && { histograms }) };
  const times = new Float64Array(count);
  const held = new Float64Array(count);
  const heldHistograms: (NativeHistogram | undefined)[] = [];
  let point = 0;
  for (let step = 0; point < count; step++) {
    if (!presence[step]) continue;
    times[point] = gridTimes[step]!;
    held[point] = values[step]!;
    if (histograms) heldHistograms.push(histograms[step]);
    point++;
  }
  return { labels, times, values: held, ...(histograms && { histograms: heldHistograms }) };
}

/** The samples of a range vector at its one step. */
function rawSeries({ series, rangeMs, boundary }: MatrixValue): RangeSeries[] {
  if (boundary) return series.flatMap((one) => boundedSamples(one, rangeMs, boundary));
  return series.flatMap(({ labels, times, values, histograms, offset, first, last, windows }) => {
    const from = Math.max(windows.lo[0]!, first);
    const to = Math.min(windows.hi[0]!, last);
    if (to <= from) return [];
    return [
      {
        labels,
        times: times.slice(from, to),
        values: values.slice(from - offset, to - offset),
        ...(histograms && {
          histograms: Array.from({ length: to - from }, (_, i) => histograms[from - offset + i]),
        }),
      },
    ];
  });
}

/** The samples inside the range, with the values at its edges as samples of their own. */
function boundedSamples(samples: RangeSeriesInput, rangeMs: number, boundary: Boundary): RangeSeries[] {
  const { labels, times, values, histograms, offset, windows } = samples;
  const from = Math.max(windows.lo[0]!, samples.first);
  const to = Math.min(windows.hi[0]!, samples.last);
  if (to <= from) return [];
  if (histograms?.slice(from - offset, to - offset).some(Boolean)) {
    throw queryError(`${boundary.modifier} modifier is not supported with histograms`);
  }
  const endMs = windows.ends[0]! - boundary.afterMs;
  const reach = reachOf(samples, from, to, endMs - rangeMs, endMs, boundary);
  if (!reach) return [];
  const [left, right] = edgeValues(samples, reach, boundary, false);
  const first = times[reach.first]! <= reach.startMs ? reach.first + 1 : reach.first;
  const last = times[reach.last]! >= endMs ? reach.last : reach.last + 1;
  const inside = Math.max(first, last);
  return [
    {
      labels,
      times: Float64Array.of(reach.startMs, ...times.subarray(first, inside), endMs),
      values: Float64Array.of(left, ...values.subarray(first - offset, inside - offset), right),
    },
  ];
}
