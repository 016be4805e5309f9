// Alertmanager's matcher syntax since 0.27: `{name="value", "näme"=~"a|b"}`, braces optional, names and values
// quoted or free of reserved characters.

import type { MatchOperator } from '../../base/matcher.ts';
import { unquote } from '../../promql/syntax/quote.ts';
import { AlertMatcher, MatcherSyntaxError } from './matcher.ts';

interface Token {
  readonly kind: 'brace-open' | 'brace-close' | 'comma' | 'operator' | 'word' | 'end';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const spacePattern = /\s*/uy;
const quotedPattern =
  /"(?:[^"\\]|\\(?:[abfnrtv\\"]|x[0-9a-fA-F]{2}|[0-7]{3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}))*"/uy;
const plainPattern = /[^\s{}!=~,\\"'`]+/uy;
const operatorPattern = /=~|=|!=|!~/uy;

const single: Readonly<Record<string, Token['kind']>> = {
  '{': 'brace-open',
  '}': 'brace-close',
  ',': 'comma',
};

function scan(text: string, from: number): Token {
  const start = from + (matchAt(spacePattern, text, from)?.length ?? 0);
  const token = (kind: Token['kind'], source: string, value = source): Token => ({
    kind,
    text: value,
    start,
    end: start + source.length,
  });
  if (start >= text.length) return token('end', '');
  const char = text[start]!;
  const kind = single[char];
  if (kind) return token(kind, char);
  const operator = matchAt(operatorPattern, text, start);
  if (operator) return token('operator', operator);
  const quoted = matchAt(quotedPattern, text, start);
  if (quoted) return token('word', quoted, unquote(quoted));
  const plain = matchAt(plainPattern, text, start);
  if (plain) return token('word', plain);
  const message = char === '"' ? 'a string without its end, or with an unknown escape' : `unexpected ${char}`;
  throw new MatcherSyntaxError(message, start, char === '"' ? text.length : start + 1);
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Throws a MatcherSyntaxError. */
export function parseUtf8Matchers(text: string): AlertMatcher[] {
  return new Parser(text).parse();
}

class Parser {
  readonly #text: string;
  #token: Token;

  constructor(text: string) {
    this.#text = text;
    this.#token = scan(text, 0);
  }

  parse(): AlertMatcher[] {
    const braced = this.#accept('brace-open');
    const matchers: AlertMatcher[] = [];
    while (this.#token.kind !== 'brace-close' && this.#token.kind !== 'end') {
      matchers.push(this.#matcher());
      if (!this.#accept('comma')) break;
    }
    if (braced && !this.#accept('brace-close')) this.#fail('expected a comma or a closing brace');
    if (this.#token.kind !== 'end') this.#fail(braced ? 'expected the end' : 'expected a comma or the end');
    return matchers;
  }

  #matcher(): AlertMatcher {
    const { start } = this.#token;
    const name = this.#take('word', 'expected a label name');
    const operator = this.#take('operator', 'expected an operator such as =, !=, =~ or !~');
    const value = this.#take('word', 'expected a label value');
    return new AlertMatcher(name.text, operator.text as MatchOperator, value.text, start, value.end);
  }

  #accept(kind: Token['kind']): boolean {
    if (this.#token.kind !== kind) return false;
    this.#token = scan(this.#text, this.#token.end);
    return true;
  }

  #take(kind: Token['kind'], expectation: string): Token {
    const token = this.#token;
    if (!this.#accept(kind)) this.#fail(expectation);
    return token;
  }

  #fail(expectation: string): never {
    const { kind, start, end } = this.#token;
    const found = kind === 'end' ? 'the end of the text' : this.#text.slice(start, end);
    throw new MatcherSyntaxError(`${expectation}, found ${found}`, start, end);
  }
}
