// How samples and label sets of tests are written: as promtool writes them.

import { type LabelRecord, quoteString } from '../../base/labels.ts';
import type { Sample } from './failure.ts';

/** `{a="1", b=""}`, the metric's name among the labels. */
export function recordText(record: LabelRecord): string {
  const names = Object.keys(record).sort();
  return `{${names.map((name) => `${labelName(name)}=${quoteString(record[name]!)}`).join(', ')}}`;
}

function labelName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quoteString(name);
}

/** `{__name__="up"} 1E+00`. */
export function sampleText(sample: Sample): string {
  return `${recordText(sample.labels.toRecord())} ${valueText(sample)}`;
}

export function valueText({ value, histogram }: Sample): string {
  return histogram === '' ? exponential(value) : histogram;
}

/** Go's `%E` with the fewest digits. */
function exponential(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e') as [string, string];
  return `${sign}${mantissa}E${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
}
