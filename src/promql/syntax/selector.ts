// Vector selectors: `name`, `{...}`, `name{...}`, with quoted names inside the braces.

import { createMatcher, type Matcher, type MatchOperator } from '../../base/matcher.ts';
import type { VectorSelector } from '../ast.ts';
import { syntaxError } from '../errors.ts';
import { unquote } from './quote.ts';
import type { TokenStream } from './token-stream.ts';
import type { Token } from './tokens.ts';

const matchOperators: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);

/** A selector whose name, if any, has been taken already. */
export function parseSelector(tokens: TokenStream, name: Token | undefined): VectorSelector {
  const start = name?.start ?? tokens.peek().start;
  const matchers = tokens.peek().kind === '{' ? parseBraces(tokens) : [];
  if (name) matchers.push(createMatcher('__name__', '=', name.text));
  return {
    kind: 'vectorSelector',
    name: name?.text ?? '',
    matchers,
    offsetMs: 0,
    offsetExpr: undefined,
    at: undefined,
    start,
    end: tokens.lastEnd,
  };
}

function parseBraces(tokens: TokenStream): Matcher[] {
  tokens.take();
  const matchers: Matcher[] = [];
  if (tokens.accept('}')) return matchers;
  for (;;) {
    matchers.push(parseMatcher(tokens));
    if (tokens.accept('}')) return matchers;
    if (!tokens.accept(',')) throw tokens.unexpected('label matching', '"," or "}"');
    if (tokens.accept('}')) return matchers;
  }
}

function parseMatcher(tokens: TokenStream): Matcher {
  const label = tokens.accept('identifier') ?? tokens.accept('string');
  if (!label) throw tokens.unexpected('label matching', 'identifier or "}"');
  const labelName = label.kind === 'string' ? unquote(label.text) : label.text;
  if (!matchOperators.has(tokens.peek().kind)) {
    if (label.kind === 'string') return createMatcher('__name__', '=', labelName);
    throw tokens.unexpected('label matching', 'label matching operator');
  }
  const operator = tokens.take();
  const value = tokens.accept('string');
  if (!value) throw tokens.unexpected('label matching', 'string');
  try {
    return createMatcher(labelName, operator.kind as MatchOperator, unquote(value.text));
  } catch (error) {
    throw syntaxError((error as Error).message, label.start, value.end);
  }
}
