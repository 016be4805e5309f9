// Operators between samples of which at least one is a native histogram, and the operators that exist for histograms
// only. What has no meaning yields nothing but a note.

import { equalHistograms, type NativeHistogram } from '../../telemetry/metrics/native-histogram.ts';
import { type BinaryOperator, isComparison } from '../ast.ts';
import { add, asGauge, compact, divide, multiply, subtract } from '../native/arithmetic.ts';
import { trim } from '../native/trim.ts';
import { quote } from '../syntax/quote.ts';
import { type Series, type SeriesBuilder, setHistogram, setValue } from '../values.ts';
import type { Note } from './step-notes.ts';

export type Sample = number | NativeHistogram;

export interface Outcome {
  /** Undefined: the operator could not be applied, as the note says. */
  readonly sample: Sample | undefined;
  /** Of a comparison: whether it holds. */
  readonly holds: boolean;
  readonly note?: Note | undefined;
}

export function sampleAt({ values, histograms }: Series, step: number): Sample {
  return histograms?.[step] ?? values[step]!;
}

export function putSample(out: SeriesBuilder, step: number, sample: Sample): void {
  if (typeof sample === 'number') setValue(out, step, sample);
  else setHistogram(out, step, sample);
}

export function isTrim(operator: BinaryOperator): operator is '</' | '>/' {
  return operator === '</' || operator === '>/';
}

export function combineSamples(operator: BinaryOperator, left: Sample, right: Sample): Outcome {
  if (typeof left === 'number') {
    if (typeof right === 'number' || operator !== '*') return incompatible(operator, left, right);
    return result(multiply(right, left));
  }
  return typeof right === 'number'
    ? histogramAndFloat(operator, left, right)
    : histogramAndHistogram(operator, left, right);
}

function histogramAndFloat(operator: BinaryOperator, left: NativeHistogram, right: number): Outcome {
  switch (operator) {
    case '*':
      return result(multiply(left, right));
    case '/':
      return result(divide(left, right));
    case '</':
      return { sample: trim(left, right, 'below'), holds: true };
    case '>/':
      return { sample: trim(left, right, 'above'), holds: true };
    default:
      return incompatible(operator, left, right);
  }
}

function histogramAndHistogram(
  operator: BinaryOperator,
  left: NativeHistogram,
  right: NativeHistogram,
): Outcome {
  switch (operator) {
    case '+':
    case '-':
      return addition(operator, left, right);
    case '==':
      return { sample: left, holds: equalHistograms(left, right) };
    case '!=':
      return { sample: left, holds: !equalHistograms(left, right) };
    default:
      return incompatible(operator, left, right);
  }
}

function addition(operator: '+' | '-', left: NativeHistogram, right: NativeHistogram): Outcome {
  const name = operator === '+' ? 'addition' : 'subtraction';
  const combined = operator === '+' ? add(left, right) : subtract(left, right);
  if (!combined) {
    return failed('warning', `incompatible bucket layout encountered for binary operator ${operator}`);
  }
  if (combined.conflictingHints) {
    return failed('warning', `conflicting counter resets during histogram ${name}`);
  }
  const { histogram, reconciled } = combined;
  const note = reconciled
    ? ({ kind: 'info', text: `mismatched custom buckets were reconciled during ${name}` } as const)
    : undefined;
  return { ...result(operator === '-' ? asGauge(histogram) : histogram), note };
}

function result(histogram: NativeHistogram): Outcome {
  return { sample: compact(histogram), holds: true };
}

function incompatible(operator: BinaryOperator, left: Sample, right: Sample): Outcome {
  const [a, b] = [left, right].map((one) => (typeof one === 'number' ? 'float' : 'histogram'));
  const text = 'incompatible sample types encountered for binary operator';
  return failed('info', `${text} ${quote(operator)}: ${a} ${operator} ${b}`);
}

function failed(kind: Note['kind'], text: string): Outcome {
  return { sample: undefined, holds: false, note: { kind, text } };
}

/** What the operator puts into the result; undefined when a filter drops it or it could not be applied. */
export function resultOf(
  { sample, holds }: Outcome,
  operator: BinaryOperator,
  bool: boolean,
): Sample | undefined {
  if (sample === undefined || !isComparison(operator)) return sample;
  if (bool) return holds ? 1 : 0;
  return holds ? sample : undefined;
}
