import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { createMatcher, formatMatcher, matchesAll } from '../../src/base/matcher.ts';

describe('a label set', () => {
  it('is sorted, without empty values, and equal by content', () => {
    const labels = Labels.from({ b: '2', a: '1', gone: '' });
    expect(labels.pairs).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    expect(
      labels.equals(
        Labels.from([
          ['b', '2'],
          ['a', '1'],
        ]),
      ),
    ).toBe(true);
    expect(labels.has('gone')).toBe(false);
    expect(labels.get('gone')).toBe('');
  });

  it('is changed into another', () => {
    const labels = Labels.from({ __name__: 'up', job: 'a' });
    expect(labels.with({ job: '', pod: 'x' }).toRecord()).toEqual({ __name__: 'up', pod: 'x' });
    expect(labels.without('job').toRecord()).toEqual({ __name__: 'up' });
    expect(labels.keep(['job']).toRecord()).toEqual({ job: 'a' });
    expect(labels.name).toBe('up');
    expect(labels.toRecord()).toEqual({ __name__: 'up', job: 'a' });
  });

  it('has a key of its own, whatever its values hold', () => {
    const record = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.string({ maxLength: 3, unit: fc.constantFrom('x', '=', ',', '"') }),
    );
    fc.assert(
      fc.property(record, record, (left, right) => {
        const [a, b] = [Labels.from(left), Labels.from(right)];
        expect(a.equals(b)).toBe(JSON.stringify(a.pairs) === JSON.stringify(b.pairs));
      }),
    );
  });
});

describe('a matcher', () => {
  it.each([
    ['=', 'a', 'a', true],
    ['=', '', '', true],
    ['!=', 'a', '', true],
    ['=~', 'a|b', 'b', true],
    ['=~', 'a|b', 'ab', false],
    ['=~', 'a.*', 'abc\nd', true],
    ['=~', '.+', '', false],
    ['=~', '.*', '', true],
    ['=~', 'a|', '', true],
    ['=~', '(?i)APP', 'app', true],
    ['=~', 'a.c', 'a\nc', true],
    ['=~', 'a|bc*', 'xbc', false],
    ['!~', '5..', '503', false],
    ['!~', '5..', '200', true],
  ] as const)('%s %j on %j', (operator, value, text, expected) => {
    expect(createMatcher('l', operator, value).matches(text)).toBe(expected);
  });

  it('is linear in time on what makes other engines backtrack', () => {
    const matcher = createMatcher('l', '=~', '(a+)+$');
    const started = performance.now();
    expect(matcher.matches(`${'a'.repeat(5000)}b`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('refuses what is no expression, and prints itself', () => {
    expect(() => createMatcher('l', '=~', '(')).toThrow(/missing closing/);
    expect(formatMatcher(createMatcher('l', '!~', 'a"b'))).toBe('l!~"a\\"b"');
  });

  it('looks at a missing label as at an empty one', () => {
    const matchers = [createMatcher('job', '=', 'a'), createMatcher('pod', '=', '')];
    expect(matchesAll(matchers, Labels.from({ job: 'a' }))).toBe(true);
    expect(matchesAll(matchers, Labels.from({ job: 'a', pod: 'x' }))).toBe(false);
  });
});
