// A remote source remembers an earlier drill for as long as its windows are: alerts on them would ring for two faults at
// once. Such a run is refused, and told when it will not be any more.

import { UserError } from '../../base/diagnostics.ts';
import { formatDuration } from '../../base/duration.ts';
import type { Expr } from '../../promql/ast.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { windowsOf } from '../history/windows.ts';
import type { Experiment } from '../model.ts';
import type { PlannedAlert, PlannedRecording } from '../timeline.ts';

/** A drill that was carried out before, as its kept run folder tells of it. */
export interface EarlierDrill {
  readonly run: string;
  /** Address of the remote source that watched it. */
  readonly source: string;
  /** When its last fault was gone, or was last seen in place; Unix milliseconds. */
  readonly faultEndedAt: number;
}

/** Throws FD810 when a window would still hold an earlier fault at the end of the baseline. */
export function refuseEarlierFault(
  { telemetry, objectives }: Experiment,
  alerts: readonly PlannedAlert[],
  recordings: readonly PlannedRecording[],
  drills: readonly EarlierDrill[],
  /** When this run's fault would begin, Unix milliseconds. */
  injectedAtMs: number,
): void {
  const longestMs = longestWindowMs(objectives, alerts, recordings);
  const own = drills.filter(({ source }) => source === telemetry.prometheus?.url);
  const last = own.toSorted((a, b) => a.faultEndedAt - b.faultEndedAt).at(-1);
  if (!last || last.faultEndedAt + longestMs <= injectedAtMs) return;
  const freeAt = new Date(last.faultEndedAt + longestMs).toISOString().replace(/\.\d+Z$/, 'Z');
  throw UserError.of(
    'FD810',
    `windows of ${formatDuration(longestMs)} at ${last.source} still hold the fault of run ${last.run}: refused until ${freeAt}`,
  );
}

/** For so long some alert or objective remembers what is over. */
export function longestWindowMs(
  objectives: Experiment['objectives'],
  alerts: readonly PlannedAlert[],
  recordings: readonly PlannedRecording[],
): number {
  const texts = [
    ...alerts.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
    ...objectives.map(({ promql }) => promql),
  ];
  const { windows } = windowsOf(texts.flatMap(parsed), recordings, 0);
  return Math.max(0, ...windows.map(({ reachMs }) => reachMs));
}

function parsed(text: string): Expr[] {
  const result = parseExpr(text, { features: allFeatures });
  return result.ok ? [result.expr] : [];
}
