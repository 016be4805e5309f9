// Wilson's interval against published values, and the number of events that settles against the interval itself.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsToSettle, wilsonInterval } from '../../../src/experiment/judge/binomial.ts';

describe('the interval of a share', () => {
  // R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I,
  // method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i of %i is as published', (good, events, low, high) => {
    const interval = wilsonInterval(good / events, events);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('says nothing of no events', () => {
    expect(wilsonInterval(1, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('the number of events that settles', () => {
  it('is the first at which the interval leaves the target out', () => {
    const share = fc.double({ min: 0.01, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(share, share, (found, target) => {
        fc.pre(Math.abs(found - target) > 1e-3);
        const needed = eventsToSettle(found, target);
        const isInside = (events: number): boolean => {
          const { low, high } = wilsonInterval(found, events);
          return low <= target && target <= high;
        };
        expect(isInside(needed * 1.000001)).toBe(false);
        if (needed > 1) expect(isInside((needed - 1) * 0.999999)).toBe(true);
      }),
    );
  });

  it('is never reached on the target itself', () => {
    expect(eventsToSettle(0.95, 0.95)).toBe(Number.POSITIVE_INFINITY);
  });
});
