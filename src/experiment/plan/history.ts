// Which windows look back beyond the baseline, and so are given a history; and which rule groups wait for it.

import type { Expr } from '../../promql/ast.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { Rule, RuleGroup } from '../../rules/model.ts';
import { readersOf } from '../history/recorded.ts';
import { type Windows, windowsOf } from '../history/windows.ts';
import type { Experiment } from '../model.ts';
import type { PlannedAlert, PlannedHistory, PlannedRecording, PlannedWindow } from '../timeline.ts';

/** Of all groups, in the order of the files. */
export function recordingsOf(
  groups: readonly RuleGroup[],
  defaultIntervalMs: number,
): readonly PlannedRecording[] {
  return groups.flatMap(({ rules, intervalMs }) =>
    rules
      .filter((rule) => rule.kind === 'recording')
      .map(({ name, exprText: expr, labels }) => ({
        ...{ name, expr, labels },
        evaluationIntervalMs: intervalMs ?? defaultIntervalMs,
      })),
  );
}

/** The recording rules that the listed alerts read, directly or through others. */
export function recordingsReadBy(
  alerts: readonly PlannedAlert[],
  recordings: readonly PlannedRecording[],
): readonly PlannedRecording[] {
  const read = alerts.flatMap(({ rules }) => rules.flatMap(({ expr }) => parsed(expr)));
  return windowsOf(read, recordings, Number.POSITIVE_INFINITY).recordings;
}

/** Undefined where nothing is to be warmed: a remote source, `history: none`, or short windows. */
export function planHistory(
  experiment: Experiment,
  groups: readonly RuleGroup[],
  recordings: readonly PlannedRecording[],
  baselineMs: number,
): PlannedHistory | undefined {
  const { history, telemetry, objectives, stopConditions } = experiment;
  if (telemetry.prometheus || !history?.isOn) return undefined;
  const roots = [
    ...groups.flatMap(({ rules }) => rules.filter(isAlerting).map(({ expr }) => expr)),
    ...objectives.flatMap(({ promql }) => parsed(promql)),
    ...stopConditions.flatMap(({ promql }) => parsed(promql)),
  ];
  const found = windowsOf(roots, recordings, baselineMs);
  if (found.windows.length === 0) return undefined;
  const windows = [...found.windows, ...overBaseline(found, recordings, baselineMs)];
  const { lengthMsMax, samplesMax } = history;
  return { windows, recordings: backfilled({ ...found, windows }), lengthMsMax, samplesMax };
}

/** Groups whose rules read what is warmed, or record what is read of before: they begin with the history. */
export function groupsThatWait(
  groups: readonly RuleGroup[],
  recordings: readonly PlannedRecording[],
  history: PlannedHistory | undefined,
  baselineMs: number,
): ReadonlySet<RuleGroup> {
  if (!history) return new Set();
  const names = new Set(history.recordings.map(({ name }) => name));
  const waits = (rule: Rule) =>
    (rule.kind === 'recording' && names.has(rule.name)) ||
    windowsOf([rule.expr], recordings, baselineMs).windows.length > 0;
  return new Set(groups.filter(({ rules }) => rules.some(waits)));
}

/** What waiting groups record is missing in the baseline, where objectives are looked at too: it is made up for. */
function overBaseline(
  found: Windows,
  recordings: readonly PlannedRecording[],
  baselineMs: number,
): PlannedWindow[] {
  return found.recordings
    .filter(
      (rule) =>
        readersOf(rule, found.windows).length === 0 &&
        windowsOf(parsed(rule.expr), recordings, baselineMs).windows.length > 0,
    )
    .map(({ name }) => ({
      ...{ selector: name, kind: 'recorded', rangeMs: baselineMs, reachMs: baselineMs },
      spacingMs: 0,
    }));
}

function backfilled({ windows, recordings }: Windows): readonly PlannedRecording[] {
  return recordings.filter((rule) => readersOf(rule, windows).length > 0);
}

function isAlerting(rule: Rule): boolean {
  return rule.kind === 'alerting';
}

function parsed(text: string): Expr[] {
  const result = parseExpr(text, { features: allFeatures });
  return result.ok ? [result.expr] : [];
}
