// Whether a result is the one that a script expects. Each function returns what is wrong, or undefined.

import { compareLabels } from '../../../src/base/labels.ts';
import type { InstantResult, RangeSeries, VectorSample } from '../../../src/promql/engine.ts';
import { compact } from '../../../src/promql/native/arithmetic.ts';
import type { Point } from '../../../src/rules/unit-test/series-notation.ts';
import {
  type Buckets,
  type NativeHistogram,
  sameBounds,
} from '../../../src/telemetry/metrics/native-histogram.ts';
import type { EvalCommand, TextExpectation } from './script.ts';

const tolerance = 1e-6;
const smallestNormal = 2.2250738585072014e-308;

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < smallestNormal) return difference < tolerance * smallestNormal;
  return difference / Math.min(sum, Number.MAX_VALUE) < tolerance;
}

export function compareText(expectation: TextExpectation, text: string): boolean {
  if (expectation.message !== undefined) return expectation.message === text;
  return expectation.pattern === undefined || expectation.pattern.test(text);
}

export function compareNotes(
  command: EvalCommand,
  notes: { readonly warnings: readonly string[]; readonly infos: readonly string[] },
): string | undefined {
  if (command.noWarnings && notes.warnings.length > 0) return `unexpected warnings: ${notes.warnings}`;
  if (command.noInfos && notes.infos.length > 0) return `unexpected infos: ${notes.infos}`;
  return compareKind(command.warnings, notes.warnings) ?? compareKind(command.infos, notes.infos);
}

function compareKind(expected: readonly TextExpectation[], actual: readonly string[]): string | undefined {
  if (expected.length === 0) return undefined;
  const missing = expected.find((one) => !actual.some((text) => compareText(one, text)));
  if (missing)
    return `expected annotation ${missing.message ?? missing.pattern ?? 'of any kind'}, got: ${actual}`;
  const surplus = actual.find((text) => !expected.some((one) => compareText(one, text)));
  return surplus === undefined ? undefined : `unexpected annotation: ${surplus}`;
}

export function compareInstant(command: EvalCommand, result: InstantResult): string | undefined {
  switch (result.type) {
    case 'string':
      return result.value === command.expectedString ? undefined : `got the string ${result.value}`;
    case 'scalar':
      return compareScalar(command, result.value);
    case 'vector':
      return compareVector(command, result.samples);
    case 'matrix':
      return compareMatrix(command, result.series);
  }
}

export function compareScalar(command: EvalCommand, value: number): string | undefined {
  if (command.expectedScalar === undefined) return `got the scalar ${value}`;
  return almostEqual(command.expectedScalar, value)
    ? undefined
    : `expected ${command.expectedScalar}, got ${value}`;
}

export function compareVector(command: EvalCommand, samples: readonly VectorSample[]): string | undefined {
  if (command.expectedScalar !== undefined) return 'expected a scalar, got a vector';
  const expected = new Map(command.expected.map((line, position) => [line.labels.key, { line, position }]));
  for (const [position, { labels, value, histogram }] of samples.entries()) {
    const match = expected.get(labels.key);
    if (!match) return `unexpected series ${labels} with ${value}`;
    if (command.isOrdered && match.position !== position) return `${labels} at position ${position}`;
    const point = match.line.points[0]!;
    if (!isSample(point, value, histogram)) {
      return `expected ${describe(point)} for ${labels}, got ${describeSample(value, histogram)}`;
    }
    expected.delete(labels.key);
  }
  const missing = [...expected.values()][0];
  return missing && `expected series ${missing.line.labels}, not found`;
}

export function compareMatrix(command: EvalCommand, series: readonly RangeSeries[]): string | undefined {
  if (command.expectedScalar !== undefined) return 'expected a scalar, got a matrix';
  const disordered = disorder(series);
  if (disordered !== undefined) return disordered;
  const expected = new Map(command.expected.map((line) => [line.labels.key, line]));
  for (const one of series) {
    const line = expected.get(one.labels.key);
    if (!line) return `unexpected series ${one.labels} with ${one.values}`;
    const problem = comparePoints(command, line.points, one);
    if (problem !== undefined)
      return `${one.labels}: ${problem}, got ${[...one.values]} at ${[...one.times]}`;
    expected.delete(one.labels.key);
  }
  const missing = [...expected.values()][0];
  return missing && `expected series ${missing.labels}, not found`;
}

/** The result of a range query is in the order of its labels. */
export function disorder(series: readonly RangeSeries[]): string | undefined {
  const isDisordered = series.some((one, i) => i > 0 && compareLabels(series[i - 1]!.labels, one.labels) > 0);
  return isDisordered ? 'the series are not in the order of their labels' : undefined;
}

function comparePoints(
  { startMs, stepMs }: EvalCommand,
  points: readonly Point[],
  series: RangeSeries,
): string | undefined {
  let next = 0;
  for (const [i, point] of points.entries()) {
    if (point.kind === 'omitted') continue;
    const atMs = startMs + i * stepMs;
    if (series.times[next] !== atMs) return `expected ${describe(point)} at ${atMs}`;
    const value = series.values[next]!;
    const histogram = series.histograms?.[next];
    if (!isSample(point, value, histogram)) {
      return `expected ${describe(point)} at ${atMs}, got ${describeSample(value, histogram)}`;
    }
    next++;
  }
  return next === series.times.length ? undefined : `expected ${next} points`;
}

function isSample(point: Point, value: number, histogram: NativeHistogram | undefined): boolean {
  if (point.kind === 'float') return !histogram && almostEqual(point.value, value);
  if (point.kind !== 'histogram' || !histogram) return false;
  const [wanted, actual] = [compact(point.histogram), compact(histogram)];
  return (
    wanted.schema === actual.schema &&
    almostEqual(wanted.count, actual.count) &&
    almostEqual(wanted.sum, actual.sum) &&
    wanted.zeroThreshold === actual.zeroThreshold &&
    almostEqual(wanted.zeroCount, actual.zeroCount) &&
    sameBounds(wanted.customBounds, actual.customBounds) &&
    almostEqualBuckets(wanted.positive, actual.positive) &&
    almostEqualBuckets(wanted.negative, actual.negative) &&
    (!point.hintGiven || wanted.resetHint === actual.resetHint)
  );
}

function almostEqualBuckets(a: Buckets, b: Buckets): boolean {
  if (a.indexes.length !== b.indexes.length) return false;
  return a.indexes.every((index, i) => index === b.indexes[i] && almostEqual(a.counts[i]!, b.counts[i]!));
}

function describe(point: Point): string {
  if (point.kind === 'float') return String(point.value);
  return point.kind === 'histogram' ? describeHistogram(point.histogram) : point.kind;
}

function describeSample(value: number, histogram: NativeHistogram | undefined): string {
  return histogram ? describeHistogram(histogram) : String(value);
}

function describeHistogram({
  schema,
  zeroThreshold,
  customBounds,
  resetHint,
  ...rest
}: NativeHistogram): string {
  const side = ({ indexes, counts }: Buckets) => Array.from(indexes, (index, i) => `${index}:${counts[i]}`);
  const { count, sum, zeroCount, positive, negative } = rest;
  const numbers = `schema:${schema} count:${count} sum:${sum} zero:${zeroThreshold}:${zeroCount}`;
  return `{{${numbers} [${side(positive)}] -[${side(negative)}] bounds:[${customBounds ?? ''}] ${resetHint}}}`;
}
