// The notation for native histograms in test scripts: `{{schema:1 sum:-0.3 count:3.1 buckets:[0 2 4] offset:-1}}`.

import { parseNumber } from '../../../src/promql/syntax/numbers.ts';
import {
  type Buckets,
  bucketsFromSpans,
  customBucketsSchema,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../../../src/telemetry/metrics/native-histogram.ts';

export interface ParsedHistogram {
  readonly histogram: NativeHistogram;
  /** Only a hint that is spelled out is compared. */
  readonly hintGiven: boolean;
}

const hints: Readonly<Record<string, ResetHint>> = {
  unknown: 'unknown',
  reset: 'reset',
  not_reset: 'notReset',
  gauge: 'gauge',
};

/** `text` with its braces. */
export function parseHistogram(text: string): ParsedHistogram {
  const fields = new Map<string, string>();
  for (const [, name, list, value] of text.slice(2, -2).matchAll(/(\w+):(?:\[([^\]]*)\]|(\S+))/g)) {
    fields.set(name!, list ?? value!);
  }
  const scalar = (name: string) => numberOf(fields.get(name) ?? '0');
  const hint = fields.get('counter_reset_hint');
  const schema = scalar('schema');
  const bounds = listOf(fields.get('custom_values'));
  const histogram: NativeHistogram = {
    schema,
    count: scalar('count'),
    sum: scalar('sum'),
    zeroThreshold: scalar('z_bucket_w'),
    zeroCount: scalar('z_bucket'),
    positive: bucketsOf(fields, 'buckets', 'offset'),
    negative: bucketsOf(fields, 'n_buckets', 'n_offset'),
    customBounds: schema === customBucketsSchema ? Float64Array.from(bounds) : undefined,
    resetHint: hints[hint ?? 'unknown']!,
  };
  return { histogram, hintGiven: hint !== undefined };
}

function bucketsOf(fields: ReadonlyMap<string, string>, list: string, offset: string): Buckets {
  const counts = listOf(fields.get(list));
  if (counts.length === 0) return noBuckets;
  return bucketsFromSpans([{ offset: numberOf(fields.get(offset) ?? '0'), length: counts.length }], counts);
}

function listOf(text = ''): number[] {
  return (text.match(/\S+/g) ?? []).map(numberOf);
}

function numberOf(text: string): number {
  const value = parseNumber(text);
  if (value === undefined) throw new Error(`not a number in a histogram: ${text}`);
  return value;
}
