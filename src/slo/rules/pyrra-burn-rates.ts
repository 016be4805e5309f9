// Pyrra's error ratios over each window, which it calls burn rates, and the four alerts on them.

import { formatDuration } from '../../base/duration.ts';
import { formatMatcher } from '../../base/matcher.ts';
import { formatPlain } from '../../promql/format.ts';
import { selectorText } from '../bare-selector.ts';
import { baseName, fixedLabels, latencyText, type PyrraObjective, sumBy } from './pyrra-objective.ts';
import { type PyrraWindow, pyrraWindows } from './pyrra-windows.ts';
import {
  type GeneratedAlert,
  type GeneratedRecording,
  type GeneratedRule,
  sortedLabels,
} from './rule-groups.ts';

export function burnRateRules(objective: PyrraObjective): GeneratedRule[] {
  const windows = pyrraWindows(objective.windowMs);
  const ranges = [...new Set(windows.flatMap(({ shortMs, longMs }) => [shortMs, longMs]))];
  const recordings = ranges
    .sort((a, b) => a - b)
    .map(
      (rangeMs): GeneratedRecording => ({
        record: burnRateName(objective, rangeMs),
        expr: errorRatio(objective, rangeMs),
        labels: sortedLabels({ ...objective.labels, ...fixedLabels(objective.total, objective.grouping) }),
      }),
    );
  const { burnrates } = objective.settings.alerting;
  return burnrates
    ? [...recordings, ...windows.map((window) => burnRateAlert(objective, window))]
    : recordings;
}

function burnRateName({ total }: PyrraObjective, rangeMs: number): string {
  return `${baseName(total.name, ['_total', '_count'])}:burnrate${formatDuration(rangeMs)}`;
}

function errorRatio({ settings, total, part, grouping }: PyrraObjective, rangeMs: number): string {
  const sum = (text: string) => `${sumBy(grouping)}(${text})`;
  const all = selectorText(total, rangeMs);
  switch (settings.indicator) {
    case 'ratio':
      return `${sum(`rate(${selectorText(part!, rangeMs)})`)} / ${sum(`rate(${all})`)}`;
    case 'latency': {
      const count = sum(`rate(${all})`);
      return `(${count} - ${sum(`rate(${selectorText(part!, rangeMs)})`)}) / ${count}`;
    }
    case 'latencyNative':
      return `1 - histogram_fraction(0, ${latencyText(settings)}, ${sum(`rate(${all})`)})`;
    case 'bool_gauge': {
      const count = sum(`count_over_time(${all})`);
      return `(${count} - ${sum(`sum_over_time(${all})`)}) / ${count}`;
    }
  }
}

/** Matchers of several values have no part in it, unless the series are recorded by them. */
function alertMatchers({ name, total, grouping }: PyrraObjective): string {
  const kept = total.matchers.filter(
    (matcher) => grouping.includes(matcher.name) || matcher.operator === '=' || matcher.operator === '!=',
  );
  return [...kept.map(formatMatcher), `slo="${name}"`].sort().join(',');
}

function burnRateAlert(objective: PyrraObjective, window: PyrraWindow): GeneratedAlert {
  const { settings, labels, total, grouping, target, windowMs } = objective;
  const { tier, factor, shortMs, longMs, forMs } = window;
  const matchers = alertMatchers(objective);
  const above = (rangeMs: number) =>
    `${burnRateName(objective, rangeMs)}{${matchers}} > (${factor} * (1-${formatPlain(target)}))`;
  const annotations = sortedLabels(settings.propagatedAnnotations);
  return {
    alert: settings.alerting.name,
    expr: `${above(shortMs)} and ${above(longMs)}`,
    for: settings.indicator === 'ratio' ? goDuration(forMs) : formatDuration(forMs),
    labels: sortedLabels({
      ...labels,
      ...fixedLabels(total, grouping),
      severity: settings.alerting.severities[tier],
      short: formatDuration(shortMs),
      long: formatDuration(longMs),
      exhaustion: formatDuration(Math.floor(windowMs / 1000 / factor) * 1000),
    }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** Whole minutes as Go prints them, which only Pyrra's ratios do: `2m0s`, `1h0m0s`. */
function goDuration(ms: number): string {
  const minutes = ms / 60_000;
  if (minutes === 0) return '0s';
  return minutes < 60 ? `${minutes}m0s` : `${Math.floor(minutes / 60)}h${minutes % 60}m0s`;
}
