// Holds what was evaluated against what a test expects.

import { UserError } from '../../base/diagnostics.ts';
import { compareLabels, type LabelRecord, Labels } from '../../base/labels.ts';
import { instantQuery } from '../../promql/engine.ts';
import { formatPromqlError } from '../../promql/errors.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { Evaluated, EvaluationInput } from './evaluation.ts';
import type { Failure, FiringAlert, Sample } from './failure.ts';
import { histogramText, parseHistogram } from './histogram-notation.ts';
import type { AlertTest, ExpectedSample, ExprTest } from './model.ts';
import { NotationError } from './notation-error.ts';
import { parseSeriesLabels } from './series-notation.ts';

/** The failures in promtool's order: alerts by time, then rules, then expressions, unless a rule has failed. */
export function checkTest(input: EvaluationInput, evaluated: Evaluated, fuzzyCompare: boolean): Failure[] {
  const alerts = [...evaluated.fired].flatMap(([test, got]) => checkAlerts(test, got));
  if (evaluated.failures.length > 0) return [...alerts, ...evaluated.failures];
  return [
    ...alerts,
    ...input.test.exprTests.flatMap((test) => checkExpr(input, evaluated, test, fuzzyCompare)),
  ];
}

function checkAlerts(
  { alertname, evalMs, expected, place }: AlertTest,
  fired: readonly FiringAlert[],
): Failure[] {
  const wanted = expected.map(({ labels, annotations }) => ({
    labels: { ...labels, alertname },
    annotations,
  }));
  const got = inOrder(fired);
  const sortedWanted = inOrder(wanted);
  const same = got.length === wanted.length && got.every((alert, i) => sameAlert(alert, sortedWanted[i]!));
  return same ? [] : [{ kind: 'alerts', alertname, evalMs, expected: sortedWanted, got, place }];
}

function inOrder(alerts: readonly FiringAlert[]): FiringAlert[] {
  return [...alerts].sort(
    (a, b) =>
      compareLabels(Labels.from(a.labels), Labels.from(b.labels)) ||
      compareLabels(Labels.from(a.annotations), Labels.from(b.annotations)),
  );
}

export function sameAlert(a: FiringAlert, b: FiringAlert): boolean {
  return sameRecord(a.labels, b.labels) && sameRecord(a.annotations, b.annotations);
}

function sameRecord(a: LabelRecord, b: LabelRecord): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

function checkExpr(
  { test: { startMs }, evaluationIntervalMs, features }: EvaluationInput,
  { store }: Evaluated,
  { expr, evalMs, expected, place }: ExprTest,
  fuzzyCompare: boolean,
): Failure[] {
  const failed = (reason: string): Failure[] => [{ kind: 'query', expr, evalMs, reason, place }];
  const parsed = parseExpr(expr, { features });
  if (!parsed.ok) return failed(formatPromqlError(expr, parsed.error));
  let got: Sample[];
  try {
    const options = { text: expr, defaultSubqueryStepMs: evaluationIntervalMs, features };
    const result = instantQuery(store, parsed.expr, startMs + evalMs, options);
    if (result.type === 'scalar') got = [{ labels: Labels.empty, value: result.value, histogram: '' }];
    else if (result.type === 'vector') got = result.samples.map(sampleOf);
    else return failed('the result is not a vector or scalar');
  } catch (error) {
    if (error instanceof UserError) return failed(error.message);
    throw error;
  }
  try {
    const wanted = samplesInOrder(expected.map(expectedSample));
    const sorted = samplesInOrder(got);
    const same =
      wanted.length === sorted.length && wanted.every((one, i) => sameSample(one, sorted[i]!, fuzzyCompare));
    return same ? [] : [{ kind: 'samples', expr, evalMs, expected: wanted, got: sorted, place }];
  } catch (error) {
    if (error instanceof NotationError) return failed(error.message);
    throw error;
  }
}

function sampleOf({
  labels,
  value,
  histogram,
}: {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: Parameters<typeof histogramText>[0];
}): Sample {
  return { labels, value: histogram ? 0 : value, histogram: histogram ? histogramText(histogram) : '' };
}

function expectedSample({ labels, value, histogram }: ExpectedSample): Sample {
  const set = withLabelsInError(labels, () => parseSeriesLabels(labels));
  if (histogram === '') return { labels: set, value, histogram };
  if (!/^\s*\{\{.*\}\}\s*$/s.test(histogram))
    throw new NotationError(
      `labels ${JSON.stringify(labels)}: expected one histogram such as {{count:1 sum:2}}`,
    );
  const parsed = withLabelsInError(labels, () => parseHistogram(histogram.trim()));
  return { labels: set, value, histogram: histogramText(parsed.histogram) };
}

function withLabelsInError<T>(labels: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotationError)
      throw new NotationError(`labels ${JSON.stringify(labels)}: ${error.message}`);
    throw error;
  }
}

function samplesInOrder(samples: readonly Sample[]): Sample[] {
  return [...samples].sort((a, b) => compareLabels(a.labels, b.labels));
}

/** As in promtool, NaN equals nothing, and the value of a histogram is 0. */
export function sameSample(a: Sample, b: Sample, fuzzyCompare: boolean): boolean {
  if (!a.labels.equals(b.labels) || a.histogram !== b.histogram) return false;
  return a.value === b.value || (fuzzyCompare && areNeighbours(a.value, b.value));
}

/** Whether no float lies between the two. */
function areNeighbours(a: number, b: number): boolean {
  if (!Number.isFinite(a) || !Number.isFinite(b)) return false;
  const difference = orderedBits(a) - orderedBits(b);
  return difference === 1n || difference === -1n;
}

const bits = new DataView(new ArrayBuffer(8));

/** The place of a float in the order of all floats; both zeros have one place. */
function orderedBits(value: number): bigint {
  bits.setFloat64(0, value);
  const raw = bits.getBigInt64(0);
  return raw < 0n ? -(raw & 0x7fffffffffffffffn) : raw;
}
