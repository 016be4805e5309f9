// A matcher of routes, inhibitions and silences. Unlike PromQL's, its regular expressions keep Go's default flags:
// a dot does not match a newline.

import { RE2JS } from 're2js';
import type { LabelRecord } from '../../base/labels.ts';
import type { Matcher, MatchOperator } from '../../base/matcher.ts';
import { quote } from '../../promql/syntax/quote.ts';

/** What is wrong with the text of matchers; offsets count its characters. */
export class MatcherSyntaxError extends Error {
  readonly start: number;
  readonly end: number;

  constructor(message: string, start: number, end: number) {
    super(message);
    this.name = 'MatcherSyntaxError';
    this.start = start;
    this.end = Math.max(end, start + 1);
  }
}

export class AlertMatcher implements Matcher {
  readonly name: string;
  readonly operator: MatchOperator;
  readonly value: string;
  readonly #expression: RE2JS | undefined;

  /** `start` and `end` say where it stands in its source, for the error about a bad regular expression. */
  constructor(name: string, operator: MatchOperator, value: string, start = 0, end = value.length) {
    this.name = name;
    this.operator = operator;
    this.value = value;
    try {
      this.#expression = operator.includes('~') ? RE2JS.compile(`^(?:${value})$`) : undefined;
    } catch (error) {
      throw new MatcherSyntaxError(`bad regular expression: ${(error as Error).message}`, start, end);
    }
  }

  matches(value: string): boolean {
    switch (this.operator) {
      case '=':
        return value === this.value;
      case '!=':
        return value !== this.value;
      case '=~':
        return this.#expression!.matches(value);
      case '!~':
        return !this.#expression!.matches(value);
    }
  }

  /** As Alertmanager writes it in group keys. */
  toString(): string {
    if (reserved.test(this.name)) return quote(this.name) + this.operator + quote(this.value);
    return `${this.name}${this.operator}"${escapeValue(this.value)}"`;
  }
}

const reserved = /[\s{}!=~,\\"'`]/u;

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

const operatorOrder: readonly MatchOperator[] = ['=', '!=', '=~', '!~'];

/** Alertmanager's order: by name, value, operator. */
export function sortMatchers(matchers: readonly AlertMatcher[]): AlertMatcher[] {
  return [...matchers].sort((a, b) => {
    if (a.name !== b.name) return a.name < b.name ? -1 : 1;
    if (a.value !== b.value) return a.value < b.value ? -1 : 1;
    return operatorOrder.indexOf(a.operator) - operatorOrder.indexOf(b.operator);
  });
}

/** `{severity="page",team=~"a|b"}`; `{}` for none. */
export function matchersText(matchers: readonly AlertMatcher[]): string {
  return `{${matchers.map(String).join(',')}}`;
}

/** `match` and `match_re` maps as matchers; the anchors of `match_re` are seen in trees and group keys. */
export function matchersOfMap(map: LabelRecord, operator: '=' | '=~'): AlertMatcher[] {
  return Object.entries(map).map(
    ([name, value]) => new AlertMatcher(name, operator, operator === '=~' ? `^(?:${value})$` : value),
  );
}
