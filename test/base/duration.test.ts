import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, humanDuration, parseDuration } from '../../src/base/duration.ts';

describe('durations', () => {
  it.each<[string, number | undefined]>([
    ['30s', 30_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['1m0.5s', 60_500],
    ['500ms', 500],
    ['250us', 0.25],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['1y', 31_536_000_000],
    ['-2s', -2000],
    ['0', 0],
    [' 5m ', 300_000],
    ['5', undefined],
    ['s', undefined],
    ['', undefined],
    ['5 m', undefined],
    ['1h-5m', undefined],
    ['5M', undefined],
  ])('%j', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    [0, '0s'],
    [90_000, '1m30s'],
    [1250, '1s250ms'],
    [7 * 86_400_000, '1w'],
    [8 * 86_400_000, '8d'],
    [-5000, '-5s'],
  ])('%d is printed as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('reads back what it prints', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => parseDuration(formatDuration(ms)) === ms),
    );
  });

  it.each([
    [850, '850ms'],
    [4200, '4.2s'],
    [9999, '10s'],
    [42_000, '42s'],
    [90_000, '1m30s'],
    [7_500_000, '2h05m'],
    [-1500, '-1.5s'],
  ])('%d is told as %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});
