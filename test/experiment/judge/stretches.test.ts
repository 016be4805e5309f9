import { describe, expect, test } from 'vitest';
import {
  type Bounds,
  bridgeGaps,
  lengthMs,
  type Reading,
  recoveryAfter,
  stretchesOf,
} from '../../../src/experiment/judge/stretches.ts';

/** One reading a second from zero: `i` in bounds, `o` out, `-` none. */
function readings(text: string): Reading[] {
  const bounds: Record<string, Bounds> = { i: 'in', o: 'out', '-': 'none' };
  return [...text].map((letter, index) => ({ at: index * 1000, bounds: bounds[letter]!, value: 1 }));
}

function written(all: readonly Reading[]): string {
  return all.map(({ bounds }) => ({ in: 'i', out: 'o', none: '-' })[bounds]).join('');
}

describe('stretches', () => {
  test('last until the next differing reading, or to the end', () => {
    const found = stretchesOf(readings('iioo-i'), 9000);
    expect(found.map(({ bounds, from, to, open }) => [bounds, from, to, open])).toEqual([
      ['in', 0, 2000, false],
      ['out', 2000, 4000, false],
      ['none', 4000, 5000, false],
      ['in', 5000, 9000, true],
    ]);
    expect(lengthMs(found[1]!)).toBe(2000);
  });

  test.each([
    ['ii-ii', 'iiiii'],
    ['oo-oo', 'ooooo'],
    ['oo-ii', 'oo-ii'],
    ['ii--ii', 'ii--ii'],
    ['-ii-', '-ii-'],
  ])('a gap shorter than two seconds in %s is bridged to %s', (before, after) => {
    expect(written(bridgeGaps(readings(before), 2000))).toBe(after);
  });
});

describe('recovery, within 3s of the undo at 5s and stable for 2s', () => {
  function recovery(text: string, endMs = text.length * 1000) {
    const found = stretchesOf(readings(text), endMs);
    const breaches = found.filter((stretch) => stretch.bounds === 'out');
    return recoveryAfter(found, breaches, 5000, { withinMs: 3000, stableMs: 2000 }, endMs);
  }

  test.each([
    ['iioooooiiiii', { kind: 'in-time', at: 7000 }],
    ['iiooiiiiiiii', { kind: 'in-time', at: 4000 }],
    ['iioooooooiii', { kind: 'too-late', at: 9000 }],
    ['iioooooioiiii', { kind: 'too-late', at: 9000 }],
    ['iioooooooooo', { kind: 'never', lastOutAt: 12_000 }],
    ['iiooooo', { kind: 'cut-short', at: null, missingMs: 1000 }],
    ['iiooooooi', { kind: 'cut-short', at: 8000, missingMs: 1000 }],
    ['iiooo-------', { kind: 'unseen' }],
  ] as const)('%s', (text, expected) => {
    expect(recovery(text)).toEqual(expected);
  });

  test('cannot be told while the fault was never undone', () => {
    const found = stretchesOf(readings('iiooo'), 5000);
    const breaches = found.filter((stretch) => stretch.bounds === 'out');
    expect(recoveryAfter(found, breaches, null, { withinMs: 1, stableMs: 1 }, 5000).kind).toBe('cut-short');
  });
});
