// An alert's way to the pager, hop by hop: when each happened, how long it took, how long it takes in the worst case
// by the rule's own settings, and by when the team wants it.

import { humanDuration } from '../../../base/duration.ts';
import type { AlertSpec } from '../../../experiment/model.ts';
import type { AlertVerdict, Verdict } from '../../../experiment/verdict.ts';
import { relativeTime, wallTime } from '../../moment.ts';
import { type Markup, markup } from '../markup.ts';
import { deadlinesOf } from '../timeline/deadlines.ts';

interface Hop {
  readonly name: string;
  readonly at: number | null;
  /** Where its latency counts from, and in which words. */
  readonly since: { readonly at: number | null; readonly words: string };
  readonly worstMs: number | undefined;
  readonly deadlineMs: number | undefined;
}

export function hopTrack(
  alert: AlertVerdict,
  spec: AlertSpec | undefined,
  bounds: Verdict['times'],
  zeroMs: number,
): Markup {
  return markup`<ol class="hops">${hopsOf(alert, spec, bounds).map((hop) => hopItem(hop, zeroMs, bounds.ended))}</ol>`;
}

function hopsOf(alert: AlertVerdict, spec: AlertSpec | undefined, bounds: Verdict['times']): Hop[] {
  const { times, predicted } = alert;
  const start =
    alert.expect === 'rings'
      ? { at: bounds.injected, words: 'after the injection' }
      : { at: times.breached, words: 'after the breach' };
  const undo = { at: bounds.undone, words: 'after the undo' };
  const deadlines = spec ? deadlinesOf(spec, times.breached, bounds) : [];
  const within = (what: (typeof deadlines)[number]['what'], from: number | null) => {
    const deadline = deadlines.find((candidate) => candidate.what === what);
    return deadline && from !== null ? deadline.atMs - from : undefined;
  };
  const hop = (name: string, at: number | null, since = start, worstMs?: number, deadlineMs?: number) => ({
    name,
    at,
    since,
    worstMs,
    deadlineMs,
  });
  const none = { at: null, words: '' };
  return [
    alert.expect === 'rings'
      ? hop('injected', bounds.injected, none)
      : hop('objective broke', times.breached, { at: bounds.injected, words: 'after the injection' }),
    hop('pending', times.pending),
    hop('firing', times.firing, start, predicted?.firingMs, within('fires', start.at)),
    hop('told', times.captured, start, predicted?.notifiedMs, within('notifies', start.at)),
    // What never fired has nothing to resolve.
    hop(
      'resolved',
      times.resolved,
      undo,
      undefined,
      times.firing === null ? undefined : within('resolves', undo.at),
    ),
    hop('told resolved', times.resolvedCaptured, undo),
  ];
}

function hopItem(hop: Hop, zeroMs: number, endedAt: number): Markup {
  const reached = hop.at !== null;
  const latencyMs = reached && hop.since.at !== null ? hop.at - hop.since.at : undefined;
  return markup`<li class="${reached ? 'reached' : 'not-reached'}">
<span class="hop-name">${hop.name}</span>
<span class="hop-time">${reached ? markup`<time datetime="${new Date(hop.at).toISOString()}" title="${wallTime(hop.at)} UTC">${relativeTime(hop.at, zeroMs)}</time>` : 'not reached'}</span>
${latencyMs !== undefined && markup`<span class="hop-latency">${latencyWords(latencyMs, hop.since.words)}</span>`}
${hop.worstMs !== undefined && markup`<span class="hop-worst">worst case ${humanDuration(hop.worstMs)}</span>`}
${hop.deadlineMs !== undefined && markup`<span class="hop-deadline">${deadlineMark(hop, endedAt)} due within ${humanDuration(hop.deadlineMs)}</span>`}
</li>`;
}

/** Met, missed, or not yet due when the run ended. */
function deadlineMark({ at, since, deadlineMs }: Hop, endedAt: number): string {
  const dueAt = (since.at ?? 0) + (deadlineMs ?? 0);
  if (at !== null) return at <= dueAt ? '✓' : '✗';
  return dueAt <= endedAt ? '✗' : '…';
}

function latencyWords(latencyMs: number, since: string): string {
  return latencyMs < 0
    ? `${humanDuration(-latencyMs)} ${since.replace('after', 'before')}`
    : `${humanDuration(latencyMs)} ${since}`;
}
