// The text of matchers in configuration files, in the mode that Alertmanager runs in unless told otherwise: the
// UTF-8 syntax, and the classic one for texts that only it understands or that it reads differently.

import { parseClassicMatchers } from './classic.ts';
import { type AlertMatcher, MatcherSyntaxError, matchersText } from './matcher.ts';
import { parseUtf8Matchers } from './utf8.ts';

/** Throws a MatcherSyntaxError. */
export function parseMatchers(text: string): AlertMatcher[] {
  const classic = attempt(() => parseClassicMatchers(text));
  const utf8 = attempt(() => parseUtf8Matchers(text));
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
