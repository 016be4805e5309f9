import { describe, expect, it } from 'vitest';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import { MatcherSyntaxError, matchersText } from '../../src/alertmanager/matcher/matcher.ts';
import {
  isLabelName,
  type MatcherMode,
  parseMatcher,
  parseMatchers,
} from '../../src/alertmanager/matcher/parse.ts';

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

describe('the modes of matchers', () => {
  const modes: readonly MatcherMode[] = ['fallback', 'utf8-strict', 'classic'];
  const read = (text: string, one = false): string[] =>
    modes.map((mode) => {
      try {
        return matchersText(one ? [parseMatcher(text, mode)] : parseMatchers(text, mode));
      } catch (error) {
        if (error instanceof MatcherSyntaxError) return 'refused';
        throw error;
      }
    });

  it.each([
    ['foo="bar"', '{foo="bar"}', '{foo="bar"}', '{foo="bar"}'],
    ['foo=', '{foo=""}', 'refused', '{foo=""}'],
    ['foo=a b', '{foo="a b"}', 'refused', '{foo="a b"}'],
    ['foo=~[a-z]{2}', '{foo=~"[a-z]{2"}', 'refused', '{foo=~"[a-z]{2"}'],
    ['"näme"="ü"', '{näme="ü"}', '{näme="ü"}', 'refused'],
    ['ü=🙂', '{ü="🙂"}', '{ü="🙂"}', 'refused'],
    ['foo="\\t"', '{foo="\\\\t"}', '{foo="\t"}', '{foo="\\\\t"}'],
    ['foo:bar=x', '{foo:bar="x"}', '{foo:bar="x"}', '{foo:bar="x"}'],
    ['{foo="bar"', '{foo="bar"}', 'refused', '{foo="bar"}'],
    ['foo', 'refused', 'refused', 'refused'],
  ])('%s', (text, ...expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ['foo=bar', '{foo="bar"}', '{foo="bar"}', '{foo="bar"}'],
    ['foo=bar,baz=qux', '{foo="bar,baz=qux"}', 'refused', '{foo="bar,baz=qux"}'],
    ['{foo=bar}', 'refused', 'refused', 'refused'],
    ['', 'refused', 'refused', 'refused'],
  ])('%s as one matcher', (text, ...expected) => {
    expect(read(text, true)).toEqual(expected);
  });

  it('decide what may be grouped by', () => {
    expect(modes.map((mode) => isLabelName('näme', mode))).toEqual([true, true, false]);
    expect(modes.map((mode) => isLabelName('', mode))).toEqual([false, false, false]);
  });

  it('hold for a whole file', () => {
    const text = (matcher: string) =>
      `route: {receiver: a, group_by: [ü], routes: [{matchers: ['${matcher}']}]}\nreceivers: [{name: a}]`;
    const accepted = (matcher: string) =>
      modes.map((mode) => {
        const config = readAlertmanagerConfig('am.yml', text(matcher), mode);
        return config.ok ? 'ok' : config.diagnostics.map(({ code, at }) => `${code} ${at?.line}`).join();
      });
    expect(accepted('a=b')).toEqual(['ok', 'ok', 'FD105 1']);
    expect(accepted('a=')).toEqual(['ok', 'FD401 1', 'FD105 1']);
    expect(accepted('ü=b')).toEqual(['ok', 'ok', 'FD105 1,FD401 1']);
  });
});
