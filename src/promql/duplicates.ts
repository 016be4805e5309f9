// Two series of one vector must not have the same labels at the same time. Series that only take turns become one.

import type { Labels } from '../base/labels.ts';
import { queryError } from './errors.ts';
import { dropMetadata } from './metadata-labels.ts';
import type { QueryContext } from './query-context.ts';
import type { Series } from './values.ts';

const sameLabelset = 'vector cannot contain metrics with the same labelset';

/** Merges series with equal labels; fails where two have a value at one step. */
export function mergeDuplicates(series: readonly Series[]): readonly Series[] {
  if (series.length < 2) return series;
  const byKey = new Map<string, Series>();
  for (const one of series) {
    const other = byKey.get(one.labels.key);
    byKey.set(one.labels.key, other ? merged(other, one) : one);
  }
  return byKey.size === series.length ? series : [...byKey.values()];
}

function merged(a: Series, b: Series): Series {
  const values = a.values.slice();
  const presence = a.presence.slice();
  const hasHistograms = a.histograms !== undefined || b.histograms !== undefined;
  const histograms = hasHistograms ? Array.from(values, (_, i) => a.histograms?.[i]) : undefined;
  for (let i = 0; i < values.length; i++) {
    if (!b.presence[i]) continue;
    if (presence[i]) throw queryError(sameLabelset);
    values[i] = b.values[i]!;
    if (histograms) histograms[i] = b.histograms?.[i];
    presence[i] = 1;
  }
  return { ...a, values, presence, histograms };
}

/** Fails when two of these have equal labels, even at different times: functions over ranges do not merge. */
export function forbidDuplicates(series: readonly { readonly labels: Labels }[]): void {
  const keys = new Set(series.map((one) => one.labels.key));
  if (keys.size < series.length) throw queryError(sameLabelset);
}

/** Labels of a result that has lost its name, now or, with delayed name removal, when the query ends. */
export function droppedName(context: QueryContext, labels: Labels): Pick<Series, 'labels' | 'dropName'> {
  return context.delayedNameRemoval
    ? { labels, dropName: true }
    : { labels: dropMetadata(labels), dropName: false };
}

/** The same series, their names dropped. Series of one metric stay different without it. */
export function withDroppedNames(context: QueryContext, series: readonly Series[]): readonly Series[] {
  const dropped = series.map((one) => ({ ...one, ...droppedName(context, one.labels) }));
  if (context.delayedNameRemoval || sameMetadata(series)) return dropped;
  return mergeDuplicates(dropped);
}

/** Whether dropping metadata cannot make two of these label sets equal. */
export function sameMetadata(series: readonly { readonly labels: Labels }[]): boolean {
  const first = series[0]?.labels;
  return series.every(
    ({ labels }) =>
      labels.name === first!.name && labels.get('__type__') === '' && labels.get('__unit__') === '',
  );
}
