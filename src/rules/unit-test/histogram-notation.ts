// The notation for native histograms in test files, `{{schema:1 sum:-0.3 count:3.1 buckets:[0 2 4] offset:-1}}`, and
// back. https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series

import { formatGeneral } from '../../promql/format.ts';
import { compact } from '../../promql/native/arithmetic.ts';
import { parseNumber } from '../../promql/syntax/numbers.ts';
import {
  type Buckets,
  bucketsFromSpans,
  customBucketsSchema,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
} from '../../telemetry/metrics/native-histogram.ts';
import { NotationError } from './notation-error.ts';

export interface ParsedHistogram {
  readonly histogram: NativeHistogram;
  /** Whether a counter reset hint is spelled out. */
  readonly hintGiven: boolean;
}

const hints: Readonly<Record<string, ResetHint>> = {
  unknown: 'unknown',
  reset: 'reset',
  not_reset: 'notReset',
  gauge: 'gauge',
};

const hintNames = new Map(Object.entries(hints).map(([name, hint]) => [hint, name]));

const scalarFields = ['schema', 'sum', 'count', 'z_bucket', 'z_bucket_w', 'offset', 'n_offset'];
const listFields = ['buckets', 'n_buckets', 'custom_values'];

/** `text` with its braces. Throws a NotationError. */
export function parseHistogram(text: string): ParsedHistogram {
  const fields = fieldsOf(text.slice(2, -2));
  const scalar = (name: string) => numberOf(fields.get(name) ?? '0');
  const hint = fields.get('counter_reset_hint') ?? 'unknown';
  if (!Object.hasOwn(hints, hint))
    throw new NotationError(`${JSON.stringify(hint)} is no counter reset hint`);
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
    resetHint: hints[hint]!,
  };
  return { histogram, hintGiven: fields.has('counter_reset_hint') };
}

const field = /\s*(\w+):(?:\[([^\]]*)\]|([^\s[\]]+))(?=\s|$)/y;

function fieldsOf(body: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  field.lastIndex = 0;
  for (let end = 0; end < body.trimEnd().length; end = field.lastIndex) {
    field.lastIndex = end;
    const match = field.exec(body);
    if (!match)
      throw new NotationError(`cannot read ${JSON.stringify(body.slice(end).trim())} in a histogram`);
    const [, name, list, value] = match as unknown as [string, string, string?, string?];
    const known = list === undefined ? [...scalarFields, 'counter_reset_hint'] : listFields;
    if (!known.includes(name)) {
      const shape = list === undefined ? 'one value' : 'a list';
      throw new NotationError(`a histogram has no field ${JSON.stringify(name)} that takes ${shape}`);
    }
    fields.set(name, list ?? value!);
  }
  return fields;
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
  if (value === undefined) throw new NotationError(`${JSON.stringify(text)} in a histogram is not a number`);
  return value;
}

/** A histogram in the notation, without empty fields; gaps between buckets are buckets of 0. */
export function histogramText(histogram: NativeHistogram): string {
  const { schema, count, sum, zeroCount, zeroThreshold, customBounds, resetHint, positive, negative } =
    compact(histogram);
  const parts: string[] = [];
  const scalar = (name: string, value: number) => {
    if (value !== 0) parts.push(`${name}:${formatGeneral(value)}`);
  };
  scalar('schema', schema);
  scalar('count', count);
  scalar('sum', sum);
  scalar('z_bucket', zeroCount);
  scalar('z_bucket_w', zeroThreshold);
  if (customBounds) parts.push(`custom_values:[${Array.from(customBounds, formatGeneral).join(' ')}]`);
  if (resetHint !== 'unknown') parts.push(`counter_reset_hint:${hintNames.get(resetHint)}`);
  parts.push(...bucketText('buckets', 'offset', positive), ...bucketText('n_buckets', 'n_offset', negative));
  return `{{${parts.join(' ')}}}`;
}

/** What lies between two buckets is listed with them: notation has one run of buckets a side. */
const bucketsShownMax = 1000;

function bucketText(name: string, offsetName: string, { indexes, counts }: Buckets): string[] {
  const first = indexes[0];
  if (first === undefined) return [];
  const length = Math.min(indexes.at(-1)! - first + 1, bucketsShownMax);
  const dense = new Float64Array(length);
  indexes.forEach((index, i) => {
    if (index - first < length) dense[index - first] = counts[i]!;
  });
  const offset = first === 0 ? [] : [`${offsetName}:${first}`];
  return [...offset, `${name}:[${Array.from(dense, formatGeneral).join(' ')}]`];
}
