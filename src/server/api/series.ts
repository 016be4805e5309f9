// series, labels, label values: what the store knows of label sets.

import { compareLabels, type Labels, metricName } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import type { SeriesStore } from '../../telemetry/metrics/store.ts';
import { type Answer, success, successJson } from '../http/answer.ts';
import { ApiError, invalidParameter } from '../http/api-error.ts';
import type { ApiRequest } from '../http/request.ts';
import type { Router } from '../http/router.ts';
import { labelsJson } from './json-result.ts';
import { limitParameter, rangeParameters, selectorParameters } from './parameters.ts';
import { truncated } from './queries.ts';

export function addSeriesRoutes(router: Router, store: SeriesStore): void {
  router.add('GET POST', '/api/v1/series', (request) => series(request, store));
  router.add('GET POST', '/api/v1/labels', (request) => labelNames(request, store));
  router.add('GET', '/api/v1/label/:name/values', (request) => labelValues(request, store));
}

function series({ parameters }: ApiRequest, store: SeriesStore): Answer {
  if (parameters.getAll('match[]').length === 0)
    throw new ApiError('bad_data', 'no match[] parameter provided');
  const limit = limitParameter(parameters);
  const range = rangeParameters(parameters);
  const found = selected(store, namedSelectors(parameters), range);
  const sets = [...found.values()].sort(compareLabels).map(labelsJson);
  if (limit > 0 && sets.length > limit)
    return successJson(`[${sets.slice(0, limit).join(',')}]`, truncated());
  return successJson(`[${sets.join(',')}]`);
}

/** Of these endpoints only this one says which parameter is wrong. */
function namedSelectors(parameters: URLSearchParams): (readonly Matcher[])[] {
  try {
    return selectorParameters(parameters);
  } catch (error) {
    throw error instanceof ApiError ? invalidParameter('match[]', error.message) : error;
  }
}

function labelNames({ parameters }: ApiRequest, store: SeriesStore): Answer {
  const limit = limitParameter(parameters);
  const range = rangeParameters(parameters);
  const selectors = selectorParameters(parameters);
  if (selectors.length === 0 && !isBounded(parameters)) return limited(store.labelNames(), limit);
  const names = new Set<string>();
  for (const labels of selected(store, selectors, range).values())
    for (const [name] of labels.pairs) names.add(name);
  return limited([...names].sort(), limit);
}

function labelValues({ parameters, pathParameters }: ApiRequest, store: SeriesStore): Answer {
  const name = unescapedName(pathParameters.name!);
  const limit = limitParameter(parameters);
  const range = rangeParameters(parameters);
  const selectors = selectorParameters(parameters);
  if (selectors.length === 0 && !isBounded(parameters)) return limited(store.labelValues(name), limit);
  const values = new Set<string>();
  for (const labels of selected(store, selectors, range).values()) values.add(labels.get(name));
  values.delete('');
  return limited([...values].sort(), limit);
}

function isBounded(parameters: URLSearchParams): boolean {
  return Boolean(parameters.get('start') || parameters.get('end'));
}

function limited(list: readonly string[], limit: number): Answer {
  return limit > 0 && list.length > limit ? success(list.slice(0, limit), truncated()) : success(list);
}

/** The label sets that one of the selectors finds, each once; all of the range where there are no selectors. */
function selected(
  store: SeriesStore,
  selectors: readonly (readonly Matcher[])[],
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): Map<string, Labels> {
  const found = new Map<string, Labels>();
  for (const matchers of selectors.length > 0 ? selectors : [[]])
    for (const { labels } of store.select(matchers, startMs, endMs)) found.set(labels.key, labels);
  return found;
}

/** `U__my_2e_metric` stands for `my.metric`: how names of any characters are written in a path. */
function unescapedName(written: string): string {
  if (!written.startsWith('U__')) return written;
  return written.slice(3).replace(/__|_([0-9a-fA-F]{1,6})_/g, (whole, hex: string | undefined) => {
    if (hex === undefined) return '_';
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** Counts for status/tsdb: how many series each name, value and pair has. */
export function cardinality(store: SeriesStore): {
  readonly byMetric: LabelCount[];
  readonly valuesByLabel: LabelCount[];
  readonly bytesByLabel: LabelCount[];
  readonly byPair: LabelCount[];
  readonly pairs: number;
} {
  const count = (names: Iterable<readonly [string, number]>): LabelCount[] =>
    [...names].map(([name, value]) => ({ name, value })).sort((a, b) => b.value - a.value);
  const names = store.labelNames();
  const values = new Map(names.map((name) => [name, store.labelValues(name)] as const));
  const byPair = new Map<string, number>();
  const byMetric = new Map<string, number>();
  for (const { labels } of store.select([], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)) {
    for (const [name, value] of labels.pairs) {
      const pair = `${name}=${value}`;
      byPair.set(pair, (byPair.get(pair) ?? 0) + 1);
      if (name === metricName) byMetric.set(value, (byMetric.get(value) ?? 0) + 1);
    }
  }
  const bytes = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return {
    byMetric: count(byMetric),
    valuesByLabel: count([...values].map(([name, list]) => [name, list.length] as const)),
    bytesByLabel: count([...values].map(([name, list]) => [name, bytes(list)] as const)),
    byPair: count(byPair),
    pairs: byPair.size,
  };
}

export interface LabelCount {
  readonly name: string;
  readonly value: number;
}
