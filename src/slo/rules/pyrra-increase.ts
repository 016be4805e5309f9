// Pyrra's rules about the whole window: how many events there were, and alerts when a metric is gone.

import { formatDuration } from '../../base/duration.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { createMatcher } from '../../base/matcher.ts';
import { type BareSelector, selectorText } from '../bare-selector.ts';
import { baseName, fixedLabels, latencyText, type PyrraObjective, sumBy } from './pyrra-objective.ts';
import { pyrraWindows } from './pyrra-windows.ts';
import {
  type GeneratedAlert,
  type GeneratedRecording,
  type GeneratedRule,
  sortedLabels,
} from './rule-groups.ts';

const fiveMinutesMs = 300_000;

export interface IncreaseRules {
  /** With performanceOverAccuracy: over 5 minutes; and the alerts. */
  readonly short: readonly GeneratedRule[];
  /** Over the whole window. */
  readonly long: readonly GeneratedRule[];
}

/** What the rules of one metric record, and from what. */
interface Counted {
  readonly selector: BareSelector;
  /** `increase`, or for gauges `count_over_time` and `sum_over_time`. */
  readonly by: 'increase' | 'count_over_time' | 'sum_over_time';
  /** Beside those of all rules: a latency's `le`. */
  readonly labels: LabelRecord;
  /** What selects it among recordings of the same name. */
  readonly among: LabelRecord;
}

export function increaseRules(objective: PyrraObjective): IncreaseRules {
  switch (objective.settings.indicator) {
    case 'ratio':
      return ratioRules(objective);
    case 'latency':
      return latencyRules(objective);
    case 'latencyNative':
      return { short: [], long: nativeRules(objective) };
    case 'bool_gauge':
      return gaugeRules(objective);
  }
}

/** The recording of a metric's increase over the window. */
export function increaseName(metric: string, windowMs: number): string {
  return `${baseName(metric, ['_total', '_count', '_bucket'])}:increase${formatDuration(windowMs)}`;
}

/** The recording of a gauge's samples over the window, or of how many of them were 1. */
export function gaugeName(metric: string, what: 'count' | 'sum', windowMs: number): string {
  return `${metric}:${what}${formatDuration(windowMs)}`;
}

/** Of one metric with two selectors, the total is recorded by what tells errors apart. */
function ratioRules(objective: PyrraObjective): IncreaseRules {
  const { total, part } = objective;
  const errors = part!;
  const grouping = groupingOf(objective);
  const counted = (selector: BareSelector): Counted => ({ selector, by: 'increase', labels: {}, among: {} });
  const metrics = errors.name === total.name ? [total] : [total, errors];
  return joined(
    metrics.map((selector) => {
      const { short, long } = recordings(objective, counted(selector), grouping);
      return placed(objective, short, long, absentAlert(objective, selector, {}, grouping));
    }),
  );
}

function latencyRules(objective: PyrraObjective): IncreaseRules {
  const { total, part, le } = objective;
  const grouping = groupingOf(objective);
  const ofLe = { le: le! };
  // Both are recorded under one name: the total is the one without `le`.
  const counted: readonly Counted[] = [
    { selector: total, by: 'increase', labels: {}, among: { le: '' } },
    { selector: part!, by: 'increase', labels: ofLe, among: {} },
  ];
  const records = joined(counted.map((each) => recordings(objective, each, grouping)));
  const alerts = counted.flatMap(({ selector, labels }) =>
    absentAlert(objective, selector, labels, grouping),
  );
  return placed(objective, records.short, records.long, alerts);
}

function nativeRules({ total, grouping, settings, windowMs, labels }: PyrraObjective): GeneratedRecording[] {
  const increase = `${sumBy(grouping)}(increase(${selectorText(total, windowMs)}))`;
  const le = latencyText(settings);
  const record = increaseName(total.name, windowMs);
  const own = { ...labels, ...fixedLabels(total, []) };
  return [
    { record, expr: `histogram_count(${increase})`, labels: sortedLabels(own) },
    {
      record,
      expr: `histogram_fraction(0, ${le}, ${increase}) * histogram_count(${increase})`,
      labels: sortedLabels({ ...own, le }),
    },
  ];
}

function gaugeRules(objective: PyrraObjective): IncreaseRules {
  const { total, grouping } = objective;
  const every = [...new Set([...grouping, ...total.matchers.map(({ name }) => name)])].sort();
  const records = joined(
    (['count_over_time', 'sum_over_time'] as const).map((by) =>
      recordings(objective, { selector: total, by, labels: {}, among: {} }, every),
    ),
  );
  return placed(objective, records.short, records.long, absentAlert(objective, total, {}, every));
}

/** Those of the objective, those by which only errors are selected, and those that match several values. */
function groupingOf({ grouping, total, part }: PyrraObjective): readonly string[] {
  const totalNames = total.matchers.map(({ name }) => name);
  const onlyOfPart = part!.matchers
    .map(({ name }) => name)
    .filter((name) => name !== 'le' && !totalNames.includes(name));
  const several = total.matchers
    .filter(({ operator }) => operator === '=~' || operator === '!~')
    .map(({ name }) => name);
  return [...new Set([...grouping, ...onlyOfPart, ...several])].sort();
}

/** Over the whole window; with performanceOverAccuracy first over 5 minutes, and then of those. */
function recordings(
  { settings, total, windowMs, labels }: PyrraObjective,
  counted: Counted,
  grouping: readonly string[],
): { readonly short: readonly GeneratedRecording[]; readonly long: readonly GeneratedRecording[] } {
  const { selector, by, among } = counted;
  const own = sortedLabels({ ...labels, ...fixedLabels(total, grouping), ...counted.labels });
  const nameOver = (ms: number) =>
    by === 'increase'
      ? increaseName(selector.name, ms)
      : gaugeName(selector.name, by === 'sum_over_time' ? 'sum' : 'count', ms);
  const over = (ms: number): GeneratedRecording => ({
    record: nameOver(ms),
    expr: `${sumBy(grouping)}(${by}(${selectorText(selector, ms)}))`,
    labels: own,
  });
  if (!settings.performanceOverAccuracy) return { short: [], long: [over(windowMs)] };
  const matchers = Object.entries(among).map(([name, value]) => createMatcher(name, '=', value));
  const recorded = selectorText({
    name: nameOver(fiveMinutesMs),
    matchers: [...selector.matchers, ...matchers],
  });
  const expr = `${sumBy(grouping)}(sum_over_time(${recorded}[${formatDuration(windowMs)}:5m]))`;
  return { short: [over(fiveMinutesMs)], long: [{ record: nameOver(windowMs), expr, labels: own }] };
}

/** None when they are off. */
function absentAlert(
  objective: PyrraObjective,
  selector: BareSelector,
  labels: LabelRecord,
  grouping: readonly string[],
): GeneratedAlert[] {
  const { alerting, propagatedAnnotations } = objective.settings;
  if (!alerting.absent) return [];
  const own = { ...objective.labels, ...fixedLabels(objective.total, grouping), ...labels };
  const annotations = sortedLabels(propagatedAnnotations);
  return [
    {
      alert: alerting.absentName,
      expr: `absent(${selectorText(selector)}) == 1`,
      for: formatDuration(absentForMs(objective)),
      labels: sortedLabels({ ...own, severity: alerting.severities.absent }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    },
  ];
}

/** As long as the fast alert takes when everything fails. */
function absentForMs({ windowMs, target }: PyrraObjective): number {
  const { factor, longMs, forMs } = pyrraWindows(windowMs)[0]!;
  const untilFiringMs = Math.floor((factor * (1 - target) * longMs) / 1000) * 1000;
  return Math.round((untilFiringMs + forMs) / 60_000) * 60_000;
}

/** Alerts are about the metric itself: they stand with what is over 5 minutes, where there is such. */
function placed(
  { settings }: PyrraObjective,
  short: readonly GeneratedRule[],
  long: readonly GeneratedRule[],
  alerts: readonly GeneratedAlert[],
): IncreaseRules {
  return settings.performanceOverAccuracy
    ? { short: [...short, ...alerts], long }
    : { short, long: [...long, ...alerts] };
}

function joined<T>(parts: readonly { readonly short: readonly T[]; readonly long: readonly T[] }[]) {
  return { short: parts.flatMap(({ short }) => short), long: parts.flatMap(({ long }) => long) };
}
