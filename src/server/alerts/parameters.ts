// Parameters of API v2: flags, matchers, and the receivers that are meant.

import { RE2JS } from 're2js';
import { type AlertMatcher, MatcherSyntaxError } from '../../alertmanager/matcher/matcher.ts';
import { parseMatcher } from '../../alertmanager/matcher/parse.ts';
import { RefusedRequest } from './answers.ts';

const truthy = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled']);

/** True unless it is given as anything but one of the words for true. */
export function flagParameter(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name);
  return text === null || text === '' || truthy.has(text.toLowerCase());
}

/** Each `filter` is one matcher; all must match. */
export function filterParameters(parameters: URLSearchParams): AlertMatcher[] {
  return parameters.getAll('filter').map((text) => {
    try {
      return parseMatcher(text);
    } catch (error) {
      if (error instanceof MatcherSyntaxError) throw RefusedRequest.of(400, error.message);
      throw error;
    }
  });
}

/** Whether a receiver of this name is meant. */
export function receiverParameter(parameters: URLSearchParams): (receiver: string) => boolean {
  const text = parameters.get('receiver');
  if (text === null) return () => true;
  try {
    const expression = RE2JS.compile(`^(?:${text})$`);
    return (receiver) => expression.matches(receiver);
  } catch (error) {
    throw RefusedRequest.of(400, `failed to parse receiver param: ${(error as Error).message}`);
  }
}
