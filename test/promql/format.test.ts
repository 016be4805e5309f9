import { expect, it } from 'vitest';
import {
  formatGeneral,
  formatOpenMetricsNumber,
  formatPlain,
  formatTwoDigits,
  formatValue,
} from '../../src/promql/format.ts';

it.each([
  [0, '0', '0', '0'],
  [-0, '-0', '-0', '-0'],
  [1, '1', '1', '1'],
  [26.971, '26.971', '26.971', '26.971'],
  [1e-7, '1e-07', '0.0000001', '1e-07'],
  [-1.5e-7, '-1.5e-07', '-0.00000015', '-1.5e-07'],
  [0.00001, '0.00001', '0.00001', '1e-05'],
  [123456, '123456', '123456', '123456'],
  [1234567, '1234567', '1234567', '1.234567e+06'],
  [1e20, '100000000000000000000', '100000000000000000000', '1e+20'],
  [1e21, '1e+21', '1000000000000000000000', '1e+21'],
  [
    1.7976931348623157e308,
    '1.7976931348623157e+308',
    `17976931348623157${'0'.repeat(292)}`,
    '1.7976931348623157e+308',
  ],
  [Number.POSITIVE_INFINITY, '+Inf', '+Inf', '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf', '-Inf', '-Inf'],
  [Number.NaN, 'NaN', 'NaN', 'NaN'],
])('%s', (value, json, plain, general) => {
  expect(formatValue(value)).toBe(json);
  expect(formatPlain(value)).toBe(plain);
  expect(formatGeneral(value)).toBe(general);
});

it('gives whole OpenMetrics numbers a decimal', () => {
  expect([0, 0.99, 1, 1e9].map(formatOpenMetricsNumber)).toEqual(['0.0', '0.99', '1.0', '1e+09']);
});

it('rounds to two digits', () => {
  expect([0.1234, 12.6, 126, 0, 1e-9].map(formatTwoDigits)).toEqual(['0.12', '13', '1.3e+02', '0', '1e-09']);
});
