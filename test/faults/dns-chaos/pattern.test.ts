import { describe, expect, it } from 'vitest';
import { matchesPatterns, patternMistake, sampleName } from '../../../src/faults/dns-chaos/pattern.ts';

describe('patterns', () => {
  it.each([
    ['google.com', 'google.com', true],
    ['google.com', 'www.google.com', false],
    ['Google.COM', 'google.com.', true],
    ['chaos-mesh.*', 'chaos-mesh.org', true],
    ['chaos-mesh.*', 'chaos-mesh.co.uk', true],
    ['chaos-mesh.*', 'chaos-mesh', false],
    ['github.?om', 'github.com', true],
    ['github.?om', 'github.om', false],
    ['*.example.test', 'a.example.test', true],
    ['*.example.test', 'a.b.example.test', true],
    ['*.example.test', 'example.test', false],
    ['*a*b*c', 'xxaxxbxxabc', true],
    ['*a*b*c', 'xxaxxbxxab', false],
    ['*', '', true],
  ])('%s and %s: %s', (pattern, name, matches) => {
    expect(matchesPatterns(name, [pattern])).toBe(matches);
  });

  it('are every name when there are none', () => {
    expect(matchesPatterns('anything.at.all', [])).toBe(true);
  });

  it('take no exponential time', () => {
    const begin = performance.now();
    expect(matchesPatterns('a'.repeat(253), [`${'*a'.repeat(120)}b`])).toBe(false);
    expect(performance.now() - begin).toBeLessThan(2000);
  });

  it.each(['', 'a b', 'a..b', '.a', 'a/b', 'x'.repeat(300)])('%j is no pattern', (pattern) => {
    expect(patternMistake(pattern)).toBeDefined();
  });

  it('match the sample that is taken of them', () => {
    for (const pattern of ['*.example.test', 'github.?om', 'a.b', '*']) {
      expect(matchesPatterns(sampleName([pattern]), [pattern])).toBe(true);
    }
  });
});
