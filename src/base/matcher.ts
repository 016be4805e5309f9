// Label matchers with Prometheus's meaning: a missing label is the empty string, regular expressions are RE2
// (linear time on any input), fully anchored, and a dot also matches a newline.

import { RE2JS } from 're2js';
import { type Labels, quoteString } from './labels.ts';

export type MatchOperator = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
  /** Whether a label with this value passes; pass '' for a missing label. */
  matches(value: string): boolean;
}

/** Throws an Error with RE2's message when `value` is not a valid expression. */
export function createMatcher(name: string, operator: MatchOperator, value: string): Matcher {
  return { name, operator, value, matches: predicate(operator, value) };
}

export function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.get(matcher.name)));
}

export function formatMatcher(matcher: Matcher): string {
  return `${matcher.name}${matcher.operator}${quoteString(matcher.value)}`;
}

function predicate(operator: MatchOperator, value: string): (text: string) => boolean {
  if (operator === '=') return (text) => text === value;
  if (operator === '!=') return (text) => text !== value;
  const matches = anchoredRegex(value);
  return operator === '=~' ? matches : (text) => !matches(text);
}

const plainLiteral = /^[\w\-/:@ ]*$/;

/** A fully anchored RE2 predicate, with fast paths for literals, alternations of literals, `prefix.*` and `.*`. */
function anchoredRegex(source: string): (text: string) => boolean {
  if (source === '.*') return () => true;
  if (source === '.+') return (text) => text !== '';
  if (plainLiteral.test(source)) return (text) => text === source;
  const alternatives = source.split('|');
  if (alternatives.every((part) => plainLiteral.test(part))) {
    const set = new Set(alternatives);
    return (text) => set.has(text);
  }
  if (source.endsWith('.*') && plainLiteral.test(source.slice(0, -2))) {
    const prefix = source.slice(0, -2);
    return (text) => text.startsWith(prefix);
  }
  const compiled = compileAnchored(source);
  return (text) => compiled.matches(text);
}

function compileAnchored(source: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${source})$`);
  } catch (error) {
    // The message shall quote what was written, without our anchors.
    RE2JS.compile(source);
    throw error;
  }
}
