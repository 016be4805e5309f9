// A fault over time: when it was in place, and how often it hit in each moment.

import { formatQuantity } from '../../../experiment/judge/quantity.ts';
import type { TimelineEvent } from '../../../experiment/timeline.ts';
import type { FaultVerdict } from '../../../experiment/verdict.ts';
import { relativeTime } from '../../moment.ts';
import { standingOf } from '../../standing.ts';
import type { Window } from '../chart/band.ts';
import type { Lane } from '../chart/lane.ts';
import { bounded, type Readout } from '../chart/readout.ts';
import { percent, percentAt, rounded, shareOf, type TimeScale } from '../chart/scale.ts';
import { type Markup, markup } from '../markup.ts';

const heightPx = 46;
const bottomPx = heightPx - 5;
const barTopPx = 12;

/** Hits between two readings of the counter. */
interface HitBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly hits: number;
  /** All hits so far. */
  readonly total: number;
}

export function faultLane(fault: FaultVerdict, timeline: readonly TimelineEvent[], time: TimeScale): Lane {
  const bars = hitBars(fault.name, timeline);
  const window = faultWindow(fault.name, timeline, time.endMs);
  return {
    kind: 'fault',
    title: fault.name,
    word: fault.verdict,
    standing: standingOf(fault.judgement),
    note: [fault.kind, hitWords(fault.hits)].filter(Boolean).join(', '),
    plot: plotOf(fault, bars, window, time),
    readout: bounded(
      bars.map((bar): Readout[number] => [rounded(shareOf(time, bar.toMs) * 100), hitWords(bar.total) ?? '']),
    ),
  };
}

export function hitWords(hits: number | null): string {
  if (hits === null) return 'hits not counted';
  return hits === 1 ? '1 hit' : `${formatQuantity(hits)} hits`;
}

interface FaultWindow extends Window {
  /** A one-shot fault. */
  readonly moment: boolean;
}

/** From the injection to the undo; a one-shot fault is a moment. Undefined when it was never in place. */
export function faultWindow(
  name: string,
  timeline: readonly TimelineEvent[],
  endMs: number,
): FaultWindow | undefined {
  const injected = timeline.find((event) => event.type === 'fault.injected' && event.fault === name);
  if (!injected) return actionWindow(name, timeline, endMs);
  const over = timeline.findLast(
    (event) => (event.type === 'fault.undone' || event.type === 'fault.spent') && event.fault === name,
  );
  return { fromMs: injected.at, toMs: over?.at ?? endMs, moment: over?.type === 'fault.spent' };
}

/** An action of a Chaos Toolkit method, while it was played: how long its effect stayed is not known. */
function actionWindow(
  name: string,
  timeline: readonly TimelineEvent[],
  endMs: number,
): FaultWindow | undefined {
  const own = timeline.filter(
    (event) =>
      (event.type === 'activity.started' || event.type === 'activity.ended') &&
      event.part === 'method' &&
      event.activity === name,
  );
  const [began] = own;
  if (!began) return undefined;
  const ended = own.findLast((event) => event.type === 'activity.ended');
  return { fromMs: began.at, toMs: ended?.at ?? endMs, moment: false };
}

function hitBars(name: string, timeline: readonly TimelineEvent[]): HitBar[] {
  const bars: HitBar[] = [];
  let fromMs: number | undefined;
  let total = 0;
  for (const event of timeline) {
    if (event.type === 'fault.injected' && event.fault === name) fromMs = event.at;
    const counted =
      event.type === 'fault.hits' || event.type === 'fault.undone' || event.type === 'fault.spent';
    if (!counted || event.fault !== name || event.hits === undefined || fromMs === undefined) continue;
    if (event.hits > total || event.at > fromMs)
      bars.push({ fromMs, toMs: event.at, hits: Math.max(0, event.hits - total), total: event.hits });
    fromMs = event.at;
    total = event.hits;
  }
  return bars;
}

/** Readings closer together than this say nothing about a rate. */
const barWidthMsMin = 100;

function perSecond(bar: HitBar): number {
  return bar.hits / (Math.max(barWidthMsMin, bar.toMs - bar.fromMs) / 1000);
}

function plotOf(
  fault: FaultVerdict,
  bars: readonly HitBar[],
  window: FaultWindow | undefined,
  time: TimeScale,
): Markup {
  const content =
    window === undefined
      ? markup`<text class="plot-empty" x="50%" y="${heightPx / 2 + 4}" text-anchor="middle">never in place</text>`
      : window.moment
        ? momentMark(window, fault, time)
        : windowBars(window, bars, time);
  return markup`<svg class="plot" height="${heightPx}" role="img"><title>Hits of fault ${fault.name}</title><desc>${fault.reason}</desc><line class="grid" x1="0" x2="100%" y1="${bottomPx}" y2="${bottomPx}"/>${content}</svg>`;
}

/** A one-shot fault has no duration: an arrow that comes down where it struck. */
function momentMark(window: Window, fault: FaultVerdict, time: TimeScale): Markup {
  return markup`<svg x="${percentAt(time, window.fromMs)}" y="0" width="1" height="${heightPx}" overflow="visible"><path class="strike" d="M0 12V${bottomPx - 6}M-5 ${bottomPx - 11}L0 ${bottomPx - 5}L5 ${bottomPx - 11}"/><text class="value-tick" x="9" y="24">${hitWords(fault.hits)} at ${relativeTime(window.fromMs, time.zeroMs)}</text></svg>`;
}

/** A rate of fewer hits than this says less than their number. */
const hitsForRate = 10;

function windowBars(window: Window, bars: readonly HitBar[], time: TimeScale): Markup {
  const most = bars.reduce((highest, bar) => Math.max(highest, perSecond(bar)), 0);
  const from = shareOf(time, window.fromMs);
  const width = Math.max(barShareMin, shareOf(time, window.toMs) - from);
  const peak =
    bars.reduce((sum, bar) => sum + bar.hits, 0) >= hitsForRate &&
    markup`<text class="value-tick" x="${percent(from)}" dx="5" y="10">up to ${formatQuantity(most)} hits/s</text>`;
  return markup`<rect class="fault-bar" x="${percent(from)}" width="${percent(width)}" y="${bottomPx}" height="4"/>${bars
    .filter((bar) => bar.hits > 0)
    .map((bar) => hitBar(bar, most, time))}${peak}`;
}

/** Nothing that happened is thinner than this share of the width. */
const barShareMin = 0.001;

function hitBar(bar: HitBar, most: number, time: TimeScale): Markup {
  const from = shareOf(time, bar.fromMs);
  const width = Math.max(barShareMin, shareOf(time, bar.toMs) - from);
  const height = rounded(Math.max(2, (perSecond(bar) / most) * (bottomPx - barTopPx)));
  return markup`<rect class="hit-bar" x="${percent(from)}" width="${percent(width)}" y="${rounded(bottomPx - height)}" height="${height}"/>`;
}
