// The notation for series in test scripts: `metric{label="value"} 1 2 _ 3+2x5 stale {{schema:0 count:1}}`.

import { Labels } from '../../../src/base/labels.ts';
import { add, subtract } from '../../../src/promql/native/arithmetic.ts';
import { parseNumber } from '../../../src/promql/syntax/numbers.ts';
import { parseSelector } from '../../../src/promql/syntax/selector.ts';
import { TokenStream } from '../../../src/promql/syntax/token-stream.ts';

import { type ParsedHistogram, parseHistogram } from './histogram-notation.ts';

export type Point =
  | { readonly kind: 'omitted' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'float'; readonly value: number }
  | ({ readonly kind: 'histogram' } & ParsedHistogram);

export interface SeriesLine {
  readonly labels: Labels;
  readonly points: Point[];
}

export function parseSeriesLine(line: string): SeriesLine {
  const end = selectorEnd(line);
  return { labels: parseLabels(line.slice(0, end)), points: parsePoints(line.slice(end)) };
}

/** Where the metric ends: at the first space outside braces and quotes. */
function selectorEnd(line: string): number {
  let quote = '';
  let inBraces = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (quote !== '') {
      if (char === '\\') i++;
      else if (char === quote) quote = '';
    } else if (char === '"' || char === "'" || char === '`') quote = char;
    else if (char === '{') inBraces = true;
    else if (char === '}') return i + 1;
    else if (!inBraces && /\s/.test(char) && !/^\s*\{[^{]/.test(line.slice(i))) return i;
  }
  return line.length;
}

function parseLabels(text: string): Labels {
  const tokens = new TokenStream(text);
  const name = tokens.peek().kind === '{' ? undefined : tokens.take();
  const { matchers } = parseSelector(tokens, name);
  return Labels.from(matchers.map((matcher) => [matcher.name, matcher.value] as const));
}

const number = String.raw`(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|nan)`;
const pointPattern = new RegExp(`^([+-]?${number})(?:([+-]${number})?x(\\d+))?$`, 'i');

function parsePoints(text: string): Point[] {
  return (text.match(/(?:\{\{.*?\}\}|[^\s{])+/g) ?? []).flatMap(parseItem);
}

function parseItem(item: string): Point[] {
  const blank = /^_(?:x(\d+))?$/.exec(item);
  if (blank) return repeat({ kind: 'omitted' }, blank[1] === undefined ? 1 : Number(blank[1]));
  const stale = /^stale(?:x(\d+))?$/.exec(item);
  if (stale) return repeat({ kind: 'stale' }, Number(stale[1] ?? 0) + 1);
  if (item.startsWith('{{')) {
    return parseHistograms(item);
  }
  const match = pointPattern.exec(item);
  if (!match) throw new Error(`not a point: ${item}`);
  const step = match[2] === undefined ? 0 : parseNumber(match[2])!;
  let value = parseNumber(match[1]!)!;
  const points: Point[] = [];
  for (let i = 0; i <= Number(match[3] ?? 0); i++) {
    points.push({ kind: 'float', value });
    value += step;
  }
  return points;
}

/** `{{...}}`, `{{...}}x3`, `{{...}}+{{...}}x3`. */
function parseHistograms(item: string): Point[] {
  const match = /^(\{\{.*?\}\})(?:([+-])(\{\{.*?\}\}))?(?:x(\d+))?$/.exec(item);
  if (!match) throw new Error(`not a histogram: ${item}`);
  const [, base, sign, step, times = '0'] = match;
  const first = parseHistogram(base!);
  if (!sign) return repeat({ kind: 'histogram', ...first }, Number(times) + 1);
  const { histogram: change, hintGiven } = parseHistogram(step!);
  const points: Point[] = [];
  let histogram = first.histogram;
  for (let i = 0; i <= Number(times); i++) {
    points.push({ kind: 'histogram', histogram, hintGiven });
    histogram = (sign === '+' ? add(histogram, change) : subtract(histogram, change))!.histogram;
  }
  return points;
}

function repeat(point: Point, count: number): Point[] {
  return Array.from({ length: count }, () => point);
}
