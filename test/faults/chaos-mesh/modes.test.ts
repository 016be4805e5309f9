// Which and how many targets a mode picks.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UserError } from '../../../src/base/diagnostics.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Mode } from '../../../src/faults/chaos-mesh/fields.ts';
import { checkShare, mostSelected, selectTargets } from '../../../src/faults/select.ts';

const modes: readonly Mode[] = ['one', 'all', 'fixed', 'fixed-percent', 'random-max-percent'];
const anything = {
  count: fc.integer({ min: 1, max: 60 }),
  mode: fc.constantFrom(...modes),
  value: fc.integer({ min: 1, max: 100 }),
  seed: fc.integer({ min: 0, max: 0xffffffff }),
};

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

describe('a mode', () => {
  it.each<[Mode, number, number, number]>([
    ['one', 5, 1, 1],
    ['all', 5, 1, 5],
    ['fixed', 5, 3, 3],
    ['fixed', 5, 9, 5],
    ['fixed-percent', 5, 50, 3],
    ['fixed-percent', 5, 100, 5],
    ['fixed-percent', 5, 1, 1],
  ])('%s of %i with %i picks %i', (mode, count, value, expected) => {
    expect(selectTargets(numbers(count), mode, String(value), seededRandom(1))).toHaveLength(expected);
    expect(mostSelected(count, mode, String(value))).toBe(expected);
  });

  it('picks targets that are there, each once, and never more than it may', () => {
    fc.assert(
      fc.property(fc.record(anything), ({ count, mode, value, seed }) => {
        const picked = selectTargets(numbers(count), mode, String(value), seededRandom(seed));
        expect(new Set(picked).size).toBe(picked.length);
        for (const each of picked) expect(each).toBeLessThan(count);
        expect(picked.length).toBeLessThanOrEqual(mostSelected(count, mode, String(value)));
        if (mode.endsWith('percent')) expect(picked.length).toBeLessThan((count * value) / 100 + 1);
      }),
    );
  });

  it('picks the same with the same seed', () => {
    fc.assert(
      fc.property(fc.record(anything), ({ count, mode, value, seed }) => {
        const pick = () => selectTargets(numbers(count), mode, String(value), seededRandom(seed));
        expect(pick()).toEqual(pick());
      }),
    );
  });

  it('picks each target equally often', () => {
    const random = seededRandom(7);
    const counts = numbers(10).map(() => 0);
    for (let draw = 0; draw < 20_000; draw++)
      for (const picked of selectTargets(numbers(10), 'fixed', '3', random)) counts[picked]!++;
    // 6000 expected, with a standard deviation of 65.
    for (const count of counts) expect(Math.abs(count - 6000)).toBeLessThan(400);
  });

  it('random-max-percent picks any number up to its share', () => {
    const random = seededRandom(7);
    const sizes = new Set<number>();
    for (let draw = 0; draw < 1000; draw++)
      sizes.add(selectTargets(numbers(10), 'random-max-percent', '50', random).length);
    expect([...sizes].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('limits.share', () => {
  const refusal = (selected: number, candidates: number, share: number, allowed: string[] = []) => {
    try {
      checkShare('kill', selected, candidates, share, new Set(allowed));
      return undefined;
    } catch (error) {
      return (error as UserError).diagnostics[0]!.code;
    }
  };

  it('bounds the share of two or more targets, and can be lifted', () => {
    expect(refusal(2, 4, 0.5)).toBeUndefined();
    expect(refusal(3, 4, 0.5)).toBe('FD806');
    expect(refusal(3, 4, 0.5, ['FD806'])).toBeUndefined();
    expect(refusal(1, 1, 0.5)).toBeUndefined();
    expect(refusal(2, 2, 0.5)).toBe('FD806');
  });
});
