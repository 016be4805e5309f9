// Token kinds. Punctuation, operators and keywords are their own kind, in lower case; a token keeps its text as written.

import { quote } from './quote.ts';

export type TokenKind = string;

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export const aggregators: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

/** Aggregations whose first argument is a parameter. */
export const parameterAggregators: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

const wordOperators: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2']);

const modifiers: ReadonlySet<string> = new Set([
  'offset',
  'smoothed',
  'anchored',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'fill',
  'fill_left',
  'fill_right',
  'bool',
]);

/** Words that are functions, and have a meaning of their own after `@`, in `[...]` and after `offset`. */
export const contextFunctions: ReadonlySet<string> = new Set([
  'start',
  'end',
  'step',
  'range',
  'max_of',
  'min_of',
]);

/** Keyword kinds by lower-case word; `inf` and `nan` are numbers. */
export const keywords: ReadonlyMap<string, TokenKind> = new Map([
  ...[...aggregators, ...wordOperators, ...modifiers, ...contextFunctions].map(
    (word) => [word, word] as const,
  ),
  ['inf', 'number'],
  ['nan', 'number'],
]);

const notMetricNames: ReadonlySet<string> = new Set([
  'atan2',
  'bool',
  'group_left',
  'group_right',
  'ignoring',
  'on',
]);

/** Tokens that can be a metric's name. */
export function isMetricName(kind: TokenKind): boolean {
  if (kind === 'identifier' || kind === 'metricIdentifier') return true;
  return keywords.get(kind) === kind && !notMetricNames.has(kind);
}

/** Tokens that can be a label's name in `by (...)`, `on (...)` and the like. */
export function isGroupingLabel(kind: TokenKind): boolean {
  if (kind === 'identifier' || kind === 'metricIdentifier') return true;
  return keywords.get(kind) === kind && kind !== 'without';
}

const symbolOperators: ReadonlySet<string> = new Set([
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  '</',
  '>/',
  '=~',
  '!~',
  '@',
]);

const kindNames: ReadonlyMap<TokenKind, string> = new Map([
  ['identifier', 'identifier'],
  ['metricIdentifier', 'metric identifier'],
  ['string', 'string'],
  ['number', 'number'],
  ['duration', 'duration'],
]);

/** A token in the words of Prometheus's error messages. */
export function describeToken(token: Token): string {
  const { kind, text } = token;
  if (kind === 'eof') return 'end of input';
  if (modifiers.has(kind)) return `<${text}>`;
  if (symbolOperators.has(kind) || wordOperators.has(kind)) return `<op:${text}>`;
  if (aggregators.has(kind)) return `<aggr:${text}>`;
  const isName = kind === 'identifier' || kind === 'metricIdentifier';
  const quoted = !isName && text.length > 10 ? `${quote(text.slice(0, 10))}...` : quote(text);
  const name = kindNames.get(kind);
  return name === undefined ? quoted : `${name} ${quoted}`;
}
