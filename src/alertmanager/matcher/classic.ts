// Alertmanager's older matcher syntax: tolerant of unquoted values and stray backslashes, ASCII label names only.

import type { MatchOperator } from '../../base/matcher.ts';
import { AlertMatcher, MatcherSyntaxError } from './matcher.ts';

const onePattern = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(=~|=|!=|!~)\s*([\s\S]*?)\s*$/;

/** Throws a MatcherSyntaxError. */
export function parseClassicMatchers(text: string): AlertMatcher[] {
  const from = text.startsWith('{') ? 1 : 0;
  const to = text.length > from && text.endsWith('}') ? text.length - 1 : text.length;
  return splitAtCommas(text.slice(from, to)).map(({ part, offset }) => parseOne(part, from + offset));
}

/** The whole text as one matcher: a comma belongs to its value. Throws a MatcherSyntaxError. */
export function parseClassicMatcher(text: string): AlertMatcher {
  return parseOne(text, 0);
}

/** Commas inside double quotes do not separate; an empty last part is left out. */
function splitAtCommas(text: string): { part: string; offset: number }[] {
  const parts: { part: string; offset: number }[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') quoted = !quoted;
    else if (text[at] === ',' && !quoted) {
      parts.push({ part: text.slice(start, at), offset: start });
      start = at + 1;
    }
  }
  const last = text.slice(start);
  if (last.trim() !== '') parts.push({ part: last, offset: start });
  return parts;
}

function parseOne(text: string, offset: number): AlertMatcher {
  const match = onePattern.exec(text);
  if (!match) throw new MatcherSyntaxError(`bad matcher format: ${text}`, offset, offset + text.length);
  const [, name, operator, raw] = match as unknown as [string, string, MatchOperator, string];
  const value = unescapeValue(raw);
  if (value === undefined)
    throw new MatcherSyntaxError(`unescaped double quote in the value ${raw}`, offset, offset + text.length);
  return new AlertMatcher(name, operator, value, offset, offset + text.length);
}

/** OpenMetrics escapes; any other backslash is itself. Undefined when quotes are not balanced. */
function unescapeValue(raw: string): string | undefined {
  const quoted = raw.startsWith('"');
  const body = quoted ? raw.slice(1) : raw;
  let value = '';
  let closed = false;
  for (let at = 0; at < body.length; at++) {
    const char = body[at]!;
    const next = body[at + 1];
    if (char === '\\' && next !== undefined) {
      value += next === 'n' ? '\n' : next === '"' || next === '\\' ? next : char + next;
      at++;
    } else if (char === '"') {
      if (!quoted || at < body.length - 1) return undefined;
      closed = true;
    } else value += char;
  }
  return quoted && !closed ? undefined : value;
}
