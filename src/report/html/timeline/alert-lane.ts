// An alert over time: a strip of its state (a thin line while inactive, hatched while pending, solid while firing)
// and under it the notifications as they were captured, and the moments by which the team wanted to know.

import type { AlertSpec } from '../../../experiment/model.ts';
import type { NotificationEvent, TimelineEvent } from '../../../experiment/timeline.ts';
import type { Judgement, Verdict } from '../../../experiment/verdict.ts';
import {
  type AlertInterval,
  alertIntervals,
  concerns,
  type ListedAlert,
  notifiedStatus,
} from '../../alert-states.ts';
import { describeEvent, labelWords } from '../../describe-event.ts';
import { relativeTime, wallTime } from '../../moment.ts';
import { standingOf } from '../../standing.ts';
import type { Lane } from '../chart/lane.ts';
import type { Readout } from '../chart/readout.ts';
import { percent, percentAt, rounded, shareOf, type TimeScale } from '../chart/scale.ts';
import { type Markup, markup } from '../markup.ts';
import { type Deadline, deadlinesOf } from './deadlines.ts';

const heightPx = 46;
const stripTopPx = 8;
const stripHeightPx = 14;
const marksPx = 36;

export interface AlertLaneSubject extends ListedAlert {
  readonly word: string;
  readonly judgement: Judgement;
  readonly reason: string;
  readonly breachedAt: number | null;
  readonly spec: AlertSpec | undefined;
}

export function alertLane(
  alert: AlertLaneSubject,
  timeline: readonly TimelineEvent[],
  time: TimeScale,
  bounds: Pick<Verdict['times'], 'injected' | 'undone'>,
): Lane {
  const intervals = alertIntervals(timeline, alert, time.endMs);
  const deadlines = alert.spec ? deadlinesOf(alert.spec, alert.breachedAt, bounds) : [];
  const history = intervals.map((interval) => intervalWords(interval, time)).join(', ');
  const lineY = stripTopPx + stripHeightPx / 2;
  const never =
    intervals.length === 0 &&
    markup`<text class="plot-empty" x="50%" y="${heightPx - 6}" text-anchor="middle">never pending or firing</text>`;
  return {
    kind: 'alert',
    title: alert.name,
    word: alert.word,
    standing: standingOf(alert.judgement),
    note: labelWords(alert.labels).trim(),
    plot: markup`<svg class="plot" height="${heightPx}" role="img"><title>State of alert ${alert.name}</title><desc>${alert.reason} ${history || 'It was never pending or firing'}.</desc><line class="state-line" x1="0" x2="100%" y1="${lineY}" y2="${lineY}"/>${intervals.map(
      (interval) => stateStrip(interval, time),
    )}${deadlines.map((deadline) => deadlineMark(deadline, time))}${notificationMarks(alert, timeline, time)}${never}</svg>`,
    readout: readoutOf(intervals, time),
  };
}

function stateStrip(interval: AlertInterval, time: TimeScale): Markup {
  const from = shareOf(time, interval.from);
  const width = percent(shareOf(time, interval.to) - from);
  return markup`<rect class="state state-${interval.state}" x="${percent(from)}" y="${stripTopPx}" width="${width}" height="${stripHeightPx}"><title>${intervalWords(interval, time)}</title></rect>`;
}

function intervalWords({ state, from, to }: AlertInterval, time: TimeScale): string {
  return `${state} from ${momentWords(from, time)} to ${momentWords(to, time)}`;
}

/** `T+8.2s (18:23:22)`. */
function momentWords(atMs: number, time: TimeScale): string {
  return `${relativeTime(atMs, time.zeroMs)} (${wallTime(atMs)})`;
}

function deadlineMark(deadline: Deadline, time: TimeScale): Markup | undefined {
  // A deadline after the end of the run has no place in the picture.
  if (deadline.atMs > time.endMs) return undefined;
  const x = percentAt(time, deadline.atMs);
  return markup`<g class="deadline"><title>${deadline.text} by ${relativeTime(deadline.atMs, time.zeroMs)}</title><line x1="${x}" x2="${x}" y1="2" y2="${stripTopPx + stripHeightPx + 4}"/><svg class="flag" x="${x}" y="0" width="10" height="8"><path d="M0 1L7 4L0 7Z"/></svg></g>`;
}

type Notification = Extract<TimelineEvent, NotificationEvent>;

function isNotification(event: TimelineEvent): event is Notification {
  return event.type.startsWith('notification.');
}

function notificationMarks(
  alert: AlertLaneSubject,
  timeline: readonly TimelineEvent[],
  time: TimeScale,
): Markup[] {
  const marks: { at: number; shape: Markup; label: string; title: string }[] = [];
  for (const event of timeline) {
    if (event.type === 'alert.suppressed' && concerns(alert, event)) {
      marks.push({
        at: event.at,
        shape: shapes.suppressed,
        label: event.reason,
        title: describeEvent(event),
      });
    }
    if (!isNotification(event)) continue;
    const status = notifiedStatus(alert, event);
    if (!status) continue;
    const shape = event.type === 'notification.failed' ? shapes.failed : shapes[status];
    marks.push({ at: event.at, shape, label: event.receiver, title: describeEvent(event) });
  }
  return marks.map(({ at, shape, label, title }, index) => {
    const share = shareOf(time, at);
    const room = shareOf(time, marks[index + 1]?.at ?? time.endMs) - share;
    const text = room * labelPlotWidthPx > label.length * 7 + 24 ? label : undefined;
    return markup`<svg class="mark" x="${percent(share)}" y="${marksPx - 9}" width="1" height="18" overflow="visible"><title>${title} at ${momentWords(at, time)}</title>${shape}${text !== undefined && markup`<text class="mark-label" x="11" y="13">${text}</text>`}</svg>`;
  });
}

/** Labels are shown on wide pages only, where a plot is at least this wide. */
const labelPlotWidthPx = 560;

/** Drawn around (0, 9). Each has a form of its own, so that none depends on its colour. */
const shapes = {
  firing: markup`<circle class="mark-firing" cx="0" cy="9" r="7"/><path class="mark-ink" d="M0 5V9.5M0 12.4V13"/>`,
  resolved: markup`<circle class="mark-resolved" cx="0" cy="9" r="6.2"/><path class="mark-check" d="M-3 9.2L-1 11.4L3 6.6"/>`,
  failed: markup`<path class="mark-failed" d="M-5 4L5 14M5 4L-5 14"/>`,
  suppressed: markup`<path class="mark-suppressed" d="M-4.5 13.5L4.5 4.5M-6 9A6 6 0 1 0 6 9A6 6 0 1 0 -6 9"/>`,
} as const;

function readoutOf(intervals: readonly AlertInterval[], time: TimeScale): Readout {
  const entries: [number, string][] = [[0, 'inactive']];
  const place = (at: number) => rounded(shareOf(time, at) * 100);
  for (const { state, from, to } of intervals) entries.push([place(from), state], [place(to), 'inactive']);
  return entries;
}
