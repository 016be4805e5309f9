// What Pyrra's rules are made from: an objective of Pyrra's own, or one of another format that says the same in other words.

import type { Diagnostic } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { createMatcher, type Matcher } from '../../base/matcher.ts';
import { formatGeneral } from '../../promql/format.ts';
import { type BareSelector, countedBy, leOf, parseBareSelector, selectorText } from '../bare-selector.ts';
import type { Objective, PyrraSettings, SimpleObjective } from '../objective.ts';
import { pyrraWindowMinMs } from './pyrra-windows.ts';
import { sortedLabels } from './rule-groups.ts';

export interface PyrraOptions {
  /** Added to every rule. */
  readonly labels: LabelRecord;
  /** Also the groups that tools such as Grafana read: `NAME-generic`. */
  readonly generic: boolean;
  /** Matches `le` as the objective has it. Else `le="1"` also matches the `1.0` that Prometheus 3 makes of it. */
  readonly exactLe: boolean;
}

/** One objective with its selectors parsed. */
export interface PyrraObjective {
  /** What the label `slo` says. */
  readonly name: string;
  readonly description: string;
  readonly windowMs: number;
  /** In [0, 1], as a double divided by 100: the text of it stands in the rules. */
  readonly target: number;
  readonly settings: PyrraSettings;
  /** Sorted, each once. */
  readonly grouping: readonly string[];
  /** Of everything. */
  readonly total: BareSelector;
  /** Of errors in a ratio, of successes in a latency. */
  readonly part: BareSelector | undefined;
  /** Of a latency: as the objective has it. */
  readonly le: string | undefined;
  /** `slo`, what the object hands on, and those of the command. */
  readonly labels: LabelRecord;
}

/** Or what is in the way. */
export function pyrraObjective(
  objective: Objective,
  { labels, exactLe }: PyrraOptions,
): PyrraObjective | Diagnostic {
  const refused = (message: string, expected?: string): Diagnostic => ({
    code: 'FD857',
    severity: 'error',
    message: `${objective.id}: ${message}`,
    at: objective.origin.place,
    ...(expected !== undefined && { expected }),
  });
  const { durationMs, type } = objective.window;
  if (objective.kind === 'composite') return refused("rules in Pyrra's style are of one indicator each");
  if (objective.budgeting.method !== 'Occurrences')
    return refused(`Pyrra counts events, not ${objective.budgeting.method}`);
  if (type === 'calendar') return refused("the windows of Pyrra's rules are rolling");
  if (durationMs < pyrraWindowMinMs)
    return refused(
      `a window of ${formatDuration(durationMs)} is too short: the shortest range of its rules would be 0s`,
      `${formatDuration(pyrraWindowMinMs)} or more`,
    );
  const settings = objective.pyrra ?? settingsOf(objective);
  if (!settings)
    return refused(
      "Pyrra's rules are made of bare selectors of counters: bad and total events, or buckets with `le` and their count",
      'queries such as hits_total{code="500"} or sum(rate(hits_total[{{.window}}]))',
    );
  const { target } = objective;
  const part = settings.part === undefined ? undefined : parseBareSelector(settings.part);
  return {
    name: objective.id,
    description: objective.description ?? '',
    windowMs: durationMs,
    target: target.unit === 'percent' ? target.percent / 100 : target.ratio,
    settings,
    grouping: [...new Set(settings.grouping)].sort(),
    total: withLe(parseBareSelector(settings.metric), exactLe),
    part: part && withLe(part, exactLe),
    le: part && settings.indicator === 'latency' ? leOf(part) : undefined,
    labels: sortedLabels({ ...settings.propagatedLabels, ...labels, slo: objective.id }),
  };
}

/** Of another format: a ratio of counters, with what Pyrra takes when nothing is said. */
function settingsOf({ sli }: SimpleObjective): PyrraSettings | undefined {
  if (sli.type !== 'ratio') return undefined;
  const total = countedBy(sli.total);
  const part = countedBy(sli.bad ?? sli.good);
  if (!total || !part || (sli.good && leOf(part) === undefined)) return undefined;
  return {
    indicator: sli.good ? 'latency' : 'ratio',
    latencyMs: undefined,
    metric: selectorText(total),
    part: selectorText(part),
    grouping: sli.grouping,
    alerting: {
      burnrates: true,
      absent: true,
      name: 'ErrorBudgetBurn',
      absentName: 'SLOMetricAbsent',
      severities: {
        absent: 'critical',
        fastBurn: 'critical',
        mediumBurn: 'critical',
        slowBurn: 'warning',
        longTermBurn: 'warning',
      },
    },
    performanceOverAccuracy: false,
    ruleOutput: { shortRulesLabels: {}, longRulesLabels: {}, enableDescriptionAsLabel: false },
    partialResponseStrategy: undefined,
    namespace: undefined,
    propagatedLabels: {},
    propagatedAnnotations: {},
  };
}

/** Prometheus 3 writes whole numbers in `le` with `.0`. */
function withLe(selector: BareSelector, exactLe: boolean): BareSelector {
  const isWhole = ({ name, operator, value }: Matcher) =>
    name === 'le' && operator === '=' && /^[+-]?\d+$/.test(value);
  const matchers = selector.matchers.map((matcher) =>
    isWhole(matcher) && !exactLe ? createMatcher('le', '=~', `${matcher.value}(\\.0)?`) : matcher,
  );
  return { ...selector, matchers };
}

/** The limit of a native histogram in seconds, as text. */
export function latencyText({ latencyMs }: PyrraSettings): string {
  if (latencyMs === undefined) throw new Error('an objective on a native histogram has a limit');
  return formatGeneral(latencyMs / 1000);
}

/** Labels that each series of the selector has, but those of the grouping. */
export function fixedLabels({ matchers }: BareSelector, without: readonly string[]): LabelRecord {
  const fixed = matchers.filter(({ name, operator }) => operator === '=' && !without.includes(name));
  return Object.fromEntries(fixed.map(({ name, value }) => [name, value]));
}

/** `sum`, or `sum by (…) `, before a bracket. */
export function sumBy(grouping: readonly string[]): string {
  return grouping.length === 0 ? 'sum' : `sum by (${grouping.join(', ')}) `;
}

/** The name of the metric without the suffixes of counters, in this order. */
export function baseName(name: string, suffixes: readonly string[]): string {
  return suffixes.reduce(
    (rest, suffix) => (rest.endsWith(suffix) ? rest.slice(0, -suffix.length) : rest),
    name,
  );
}
