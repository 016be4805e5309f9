// The notation for series in test files: `metric{label="value"}` and its values `1 2 _ 3+2x5 stale {{schema:0 count:1}}`.
// https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series

import { Labels } from '../../base/labels.ts';
import { ParseFailure } from '../../promql/errors.ts';
import { add, subtract } from '../../promql/native/arithmetic.ts';
import { parseNumber } from '../../promql/syntax/numbers.ts';
import { parseSelector } from '../../promql/syntax/selector.ts';
import { TokenStream } from '../../promql/syntax/token-stream.ts';
import { type ParsedHistogram, parseHistogram } from './histogram-notation.ts';
import { NotationError } from './notation-error.ts';

export type Point =
  | { readonly kind: 'omitted' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'float'; readonly value: number }
  | ({ readonly kind: 'histogram' } & ParsedHistogram);

/** Values that one series may have: two years of minutes. */
const pointsMax = 1_000_000;

/** A label set such as `up{job="a"}`; nothing is the empty set. Throws a NotationError. */
export function parseSeriesLabels(text: string): Labels {
  if (text.trim() === '') return Labels.empty;
  try {
    const tokens = new TokenStream(text.trim());
    const name = tokens.peek().kind === '{' ? undefined : tokens.take();
    if (name && !/^[\p{L}_:]/u.test(name.text))
      throw new NotationError(`${JSON.stringify(text)} is no series`);
    const { matchers } = parseSelector(tokens, name);
    if (tokens.peek().kind !== 'eof') throw tokens.unexpected('series');
    const other = matchers.find(({ operator }) => operator !== '=');
    if (other) throw new NotationError(`a label of a series is set by =, not by ${other.operator}`);
    return Labels.from(matchers.map((matcher) => [matcher.name, matcher.value] as const));
  } catch (error) {
    if (error instanceof ParseFailure) throw new NotationError(error.error.message);
    throw error;
  }
}

/** The values of a series, one a place in time. Throws a NotationError. */
export function parsePoints(text: string): Point[] {
  const points: Point[] = [];
  for (const item of text.match(/(?:\{\{.*?\}\}|[^\s{]|\{(?!\{))+/gs) ?? []) {
    points.push(...parseItem(item));
    if (points.length > pointsMax) throw tooMany();
  }
  return points;
}

const number = String.raw`(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|nan)`;
const floatPattern = new RegExp(`^([+-]?${number})(?:([+-]${number})?x(\\d+))?$`, 'i');

function parseItem(item: string): Point[] {
  const blank = /^_(?:x(\d+))?$/.exec(item);
  if (blank) return repeat({ kind: 'omitted' }, blank[1] === undefined ? 1 : Number(blank[1]));
  const stale = /^stale(?:x(\d+))?$/.exec(item);
  if (stale) return repeat({ kind: 'stale' }, Number(stale[1] ?? 0) + 1);
  if (item.startsWith('{{')) return parseHistograms(item);
  const match = floatPattern.exec(item);
  if (!match) throw new NotationError(`${JSON.stringify(item)} is no value of a series`);
  const step = match[2] === undefined ? 0 : parseNumber(match[2])!;
  const count = countOf(match[3]);
  let value = parseNumber(match[1]!)!;
  const points: Point[] = [];
  for (let i = 0; i <= count; i++) {
    points.push({ kind: 'float', value });
    value += step;
  }
  return points;
}

/** `{{...}}`, `{{...}}x3`, `{{...}}+{{...}}x3`. */
function parseHistograms(item: string): Point[] {
  const match = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\})(?=x))?(?:x(\d+))?$/s.exec(item);
  if (!match) throw new NotationError(`${JSON.stringify(item)} is no histogram`);
  const [, base, sign, step, times] = match;
  const first = parseHistogram(base!);
  const count = countOf(times);
  if (!sign) return repeat({ kind: 'histogram', ...first }, count + 1);
  const { histogram: change, hintGiven } = parseHistogram(step!);
  const points: Point[] = [];
  let histogram = first.histogram;
  for (let i = 0; i <= count; i++) {
    points.push({ kind: 'histogram', histogram, hintGiven });
    const next = sign === '+' ? add(histogram, change) : subtract(histogram, change);
    if (!next) throw new NotationError(`the two histograms of ${JSON.stringify(item)} do not go together`);
    histogram = next.histogram;
  }
  return points;
}

function repeat(point: Point, count: number): Point[] {
  if (count > pointsMax) throw tooMany();
  return Array.from({ length: count }, () => point);
}

function countOf(times = '0'): number {
  const count = Number(times);
  if (count > pointsMax) throw tooMany();
  return count;
}

function tooMany(): NotationError {
  return new NotationError(`a series has more than ${pointsMax} values`);
}
