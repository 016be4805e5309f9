import { describe, expect, it } from 'vitest';
import { limitOutlook } from '../../../src/slo/gate/limit.ts';

const minute = 60_000;
const points = (...values: number[]) => values.map((value, index) => ({ atMs: index * minute, value }));
const limit = { expression: 'pull_counts_remaining', floor: 0, needs: 0, withinMs: 30 * minute };

describe('a limit that is used up', () => {
  it('fails when its trend ends before the deployment does, and says when', () => {
    expect(limitOutlook(limit, points(40, 38, 36, 34))).toMatchObject({
      status: 'fail',
      now: 34,
      atEnd: -26,
      perHour: 120,
      emptyInMs: 17 * minute,
    });
    expect(limitOutlook({ ...limit, withinMs: 10 * minute }, points(40, 38, 36, 34))).toMatchObject({
      status: 'pass',
      atEnd: 14,
    });
  });

  it('counts what the deployment itself needs', () => {
    const steady = points(50, 50, 50);
    expect(limitOutlook({ ...limit, needs: 50 }, steady).status).toBe('pass');
    expect(limitOutlook({ ...limit, needs: 51 }, steady)).toMatchObject({ status: 'fail', atEnd: -1 });
    expect(limitOutlook({ ...limit, floor: 10, needs: 41 }, steady).status).toBe('fail');
  });

  it('takes the trend from between refills', () => {
    expect(limitOutlook(limit, points(20, 10, 0, 100, 90, 80))).toMatchObject({ perHour: 600, now: 80 });
    // Just refilled: as fast as before.
    expect(limitOutlook(limit, points(20, 10, 0, 100))).toMatchObject({ perHour: 600, status: 'fail' });
    expect(limitOutlook(limit, points(1, 2, 3, 4)).status).toBe('no-data');
  });

  it('without a value or a trend is neither', () => {
    expect(limitOutlook(limit, []).status).toBe('no-data');
    expect(limitOutlook(limit, points(Number.NaN, Number.NaN)).status).toBe('no-data');
    expect(limitOutlook(limit, points(5)).status).toBe('no-data');
  });
});
