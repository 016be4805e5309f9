// The text of matchers in configuration files, in the three modes that Alertmanager knows. Unless told otherwise it
// runs in the fallback mode: the UTF-8 syntax, and the classic one for texts that only it understands or that it
// reads differently.

import { parseClassicMatcher, parseClassicMatchers } from './classic.ts';
import { type AlertMatcher, MatcherSyntaxError, matchersText } from './matcher.ts';
import { parseUtf8Matchers } from './utf8.ts';

export type MatcherMode = 'fallback' | 'utf8-strict' | 'classic';

/** Any number of matchers. Throws a MatcherSyntaxError. */
export function parseMatchers(text: string, mode: MatcherMode = 'fallback'): AlertMatcher[] {
  if (mode === 'classic') return parseClassicMatchers(text);
  if (mode === 'utf8-strict') return parseUtf8Matchers(text);
  return eitherWay(
    () => parseUtf8Matchers(text),
    () => parseClassicMatchers(text),
  );
}

/** Exactly one matcher without braces, as on a command line. Throws a MatcherSyntaxError. */
export function parseMatcher(text: string, mode: MatcherMode = 'fallback'): AlertMatcher {
  const classic = () => [parseClassicMatcher(text)];
  const utf8 = () => parseOneUtf8(text);
  if (mode === 'classic') return classic()[0]!;
  return (mode === 'utf8-strict' ? utf8() : eitherWay(utf8, classic))[0]!;
}

/** Whether a route may group by this label, or an inhibition compare it. */
export function isLabelName(name: string, mode: MatcherMode): boolean {
  return mode === 'classic' ? /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) : name !== '' && !/\p{Cs}/u.test(name);
}

function parseOneUtf8(text: string): AlertMatcher[] {
  const brace = text.startsWith('{') || text.endsWith('}');
  if (brace) throw new MatcherSyntaxError('one matcher stands without braces', 0, text.length);
  const matchers = parseUtf8Matchers(text);
  if (matchers.length !== 1)
    throw new MatcherSyntaxError(`expected one matcher, found ${matchers.length}`, 0, text.length);
  return matchers;
}

function eitherWay(parseUtf8: () => AlertMatcher[], parseClassic: () => AlertMatcher[]): AlertMatcher[] {
  const classic = attempt(parseClassic);
  const utf8 = attempt(parseUtf8);
  if (utf8 instanceof MatcherSyntaxError) {
    if (classic instanceof MatcherSyntaxError) throw utf8;
    return classic;
  }
  const agree = classic instanceof MatcherSyntaxError || matchersText(classic) === matchersText(utf8);
  return agree ? utf8 : classic;
}

function attempt(parse: () => AlertMatcher[]): AlertMatcher[] | MatcherSyntaxError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MatcherSyntaxError) return error;
    throw error;
  }
}
