import { describe, expect, it } from 'vitest';
import { MatcherSyntaxError, matchersText } from '../../src/alertmanager/matcher/matcher.ts';
import { parseMatchers } from '../../src/alertmanager/matcher/parse.ts';

describe('matchers', () => {
  it.each([
    ['foo=bar', '{foo="bar"}'],
    ['{foo="bar",}', '{foo="bar"}'],
    ['foo="bar",baz!=qux', '{foo="bar",baz!="qux"}'],
    ['foo=~"a|b" , bar!~c.*', '{foo=~"a|b",bar!~"c.*"}'],
    ['{}', '{}'],
    ['', '{}'],
    ['foo=""', '{foo=""}'],
    // Only the classic syntax knows these.
    ['foo=', '{foo=""}'],
    ['foo=a b', '{foo="a b"}'],
    ['foo="a,b"', '{foo="a,b"}'],
    // A brace at the end is taken off even when none was opened.
    ['foo=~[a-z]{2}', '{foo=~"[a-z]{2"}'],
    ['foo="a\\nb\\"c"', '{foo="a\\nb\\"c"}'],
    // Only the UTF-8 syntax knows these.
    ['"näme with space"="ü"', '{"näme with space"="ü"}'],
    ['ünïcode=🙂', '{ünïcode="🙂"}'],
    // They read a stray backslash differently: the classic reading wins.
    ['foo="\\t"', '{foo="\\\\t"}'],
  ])('%s', (text, expected) => {
    expect(matchersText(parseMatchers(text))).toBe(expected);
  });

  it.each([
    ['foo', 'expected an operator such as =, !=, =~ or !~, found the end of the text', 3],
    ['=bar', 'expected a label name, found =', 0],
    ['foo=~"("', /bad regular expression/, 0],
    ['{foo="bar" baz}', 'expected a comma or a closing brace, found baz', 11],
    ['foo="bar', 'a string without its end, or with an unknown escape', 4],
    ['foo==bar="x"baz"', /expected a label value/, 4],
  ])('refuses %s', (text, message, start) => {
    let caught: unknown;
    try {
      parseMatchers(text);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MatcherSyntaxError);
    expect(caught).toMatchObject({ start });
    expect((caught as Error).message).toMatch(message);
  });

  it('match anchored, without dots for newlines, and missing labels as empty', () => {
    const [regex, empty] = parseMatchers('a=~"b.d",c!=""');
    expect(['bcd', 'abcd', 'bcde', 'b\nd'].map((value) => regex!.matches(value))).toEqual([
      true,
      false,
      false,
      false,
    ]);
    expect(empty!.matches('')).toBe(false);
  });

  it('take linear time', () => {
    const [matcher] = parseMatchers('a=~"(x+x+)+y"');
    const started = performance.now();
    expect(matcher!.matches('x'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
