import { describe, expect, test } from 'vitest';
import { formatQuantity, quantityBeside, type Unit, unitOf } from '../../../src/experiment/judge/quantity.ts';
import { parseExpr } from '../../../src/promql/parser.ts';

function unit(promql: string): string {
  const parsed = parseExpr(promql);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return unitOf(parsed.expr);
}

describe('the unit of an expression', () => {
  test.each([
    ['process_resident_memory_bytes', 'bytes'],
    ['sum by (job) (process_resident_memory_bytes)', 'bytes'],
    ['max_over_time(process_resident_memory_bytes[5m])', 'bytes'],
    ['increase(sent_bytes_total[5m])', 'bytes'],
    ['rate(sent_bytes_total[5m])', 'none'],
    ['process_resident_memory_bytes / 1e6', 'none'],
    ['node_memory_free_bytes / node_memory_total_bytes', 'ratio'],
    ['sum(rate(errors_total[1m])) / sum(rate(requests_total[1m]))', 'ratio'],
    ['1 - sum(rate(errors_total[1m])) / sum(rate(requests_total[1m]))', 'ratio'],
    ['histogram_quantile(0.99, sum by (le) (rate(request_duration_seconds_bucket[1m])))', 'seconds'],
    ['rate(request_duration_seconds_sum[1m]) / rate(request_duration_seconds_count[1m])', 'seconds'],
    ['probe_duration_seconds', 'seconds'],
    ['zone_update_timestamp_seconds', 'none'],
    ['count(process_resident_memory_bytes)', 'none'],
    ['queue_length / queue_capacity', 'none'],
    ['up', 'none'],
    ['time()', 'none'],
  ])('%s is in %s', (promql, expected) => {
    expect(unit(promql)).toBe(expected);
  });
});

describe('a quantity in words', () => {
  test.each([
    [182_400_000, 'bytes', '182 MB'],
    [999_600, 'bytes', '1 MB'],
    [12, 'bytes', '12 B'],
    [0.35, 'seconds', '350ms'],
    [0.0042, 'seconds', '4.2ms'],
    [12.5, 'seconds', '13s'],
    [0, 'seconds', '0s'],
    [0.0423, 'ratio', '4.23 %'],
    [1234.5, 'none', '1235'],
    [0.12345, 'none', '0.123'],
    [Number.NaN, 'bytes', 'NaN'],
    [Number.POSITIVE_INFINITY, 'ratio', '+Inf'],
  ] as const)('%d %s is %s', (value, of, text) => {
    expect(formatQuantity(value, of)).toBe(text);
  });
});

describe('a value beside what it is compared with', () => {
  test.each<[string, number | null, Unit, number, string]>([
    ['a target is written as it was set', 0.9995, 'ratio', 0.9995, '99.95 %'],
    ['also one of five nines', 0.99999, 'ratio', 0.99999, '99.999 %'],
    ['what is below a target reads as below it', 0.9995, 'ratio', 0.999487, '99.9487 %'],
    ['however close it is', 0.9995, 'ratio', 0.99949987, '99.949987 %'],
    ['what is not all good is not 100 %', 0.9995, 'ratio', 0.9999999, '99.99999 %'],
    ['what is all good is', 0.9995, 'ratio', 1, '100 %'],
    ['far from both three digits do', 0.9995, 'ratio', 0.61834, '61.8 %'],
    ['the noise of doubles is not shown', 0.9995, 'ratio', 0.9999999999999998, '100 %'],
    ['nor that of a product', 14.4 * 0.01, 'none', 14.4 * 0.01, '0.144'],
    ['just over a limit reads as over it', 100e6, 'bytes', 100.2e6, '100.2 MB'],
    ['far over it, shorter', 100e6, 'bytes', 182.41e6, '182 MB'],
    ['seconds', 1, 'seconds', 1.004, '1.004s'],
    ['a limit of seconds', 12.5, 'seconds', 12.5, '12.5s'],
    ['or of minutes', 90, 'seconds', 90, '1m30s'],
    ['parts of a second', 0.25, 'seconds', 0.2504, '250.4ms'],
    ['a plain number', 10, 'none', 9.9996, '9.9996'],
    ['without a threshold', null, 'none', 1.23456, '1.23'],
    ['a ratio without a threshold', null, 'ratio', 0.99991, '99.991 %'],
    ['nothing at all', 0, 'none', 0, '0'],
    ['noise beside nothing', 0.9995, 'ratio', 8.674e-19, '0 %'],
    ['no number', 0.5, 'ratio', Number.NaN, 'NaN'],
  ])('%s', (_, threshold, unit, value, text) => {
    expect(quantityBeside(threshold, unit)(value)).toBe(text);
  });
});
