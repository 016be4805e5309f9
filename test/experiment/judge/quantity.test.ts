import { describe, expect, test } from 'vitest';
import { formatQuantity, unitOf } from '../../../src/experiment/judge/quantity.ts';
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
