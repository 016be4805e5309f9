// An alert's way to the pager and back as two waterfalls: each hop is a bar from the hop before it, with a mark where
// its settings end, and its numbers in words beside it. Both scales are of time, and each way has its own.

import { humanDuration } from '../../../base/duration.ts';
import type { AlertSpec } from '../../../experiment/model.ts';
import type { AlertHop, AlertVerdict, HopName, Verdict } from '../../../experiment/verdict.ts';
import { boundWords, hopName, inOrderOfTime, latencyWords, settingWords } from '../../hop-words.ts';
import { relativeTime, wallTime } from '../../moment.ts';
import { type Markup, markup } from '../markup.ts';
import { deadlinesOf } from '../timeline/deadlines.ts';

export function hopTrack(
  alert: AlertVerdict,
  spec: AlertSpec | undefined,
  bounds: Verdict['times'],
  zeroMs: number,
): Markup {
  const back = alert.hops.findIndex(({ hop }) => hop === 'undone');
  const there = back < 0 ? alert.hops : alert.hops.slice(0, back);
  const ways = [
    { title: 'To the pager', hops: inOrderOfTime(there) },
    { title: 'And back', hops: back < 0 ? [] : inOrderOfTime(alert.hops.slice(back)) },
  ].filter(({ hops }) => hops.length > 0);
  const due = dueTimes(alert, spec, bounds);
  return markup`<div class="ways">${ways.map(
    ({ title, hops }) => markup`<div class="way"><h4>${title}</h4>
<ol class="hops">${waterfall(hops).map((bar) => hopItem(bar, due.get(bar.hop.hop), zeroMs, bounds.ended))}</ol></div>`,
  )}</div>
${alert.shorten && markup`<p class="aside">${alert.shorten.text}</p>`}`;
}

/** By when the team wants a hop. */
function dueTimes(
  alert: AlertVerdict,
  spec: AlertSpec | undefined,
  bounds: Verdict['times'],
): Map<HopName, { readonly atMs: number; readonly withinMs: number }> {
  const start = alert.expect === 'rings' ? bounds.injected : alert.times.breached;
  const hops = { fires: ['firing'], notifies: ['captured', 'delivered'], resolves: ['resolved'] } as const;
  const deadlines = spec ? deadlinesOf(spec, alert.times.breached, bounds) : [];
  return new Map(
    deadlines.flatMap(({ what, atMs }) => {
      const from = what === 'resolves' ? bounds.undone : start;
      // What never fired has nothing to resolve.
      if (from === null || (what === 'resolves' && alert.times.firing === null)) return [];
      return hops[what].map((hop) => [hop, { atMs, withinMs: atMs - from }] as const);
    }),
  );
}

interface Bar {
  readonly hop: AlertHop;
  /** Shares of the scale, 0 to 1; undefined where there is nothing to draw. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly bound: number | undefined;
}

/** A bound far beyond what happened is drawn at the edge: the picture is of what happened. */
const boundShareMax = 0.35;

function waterfall(hops: readonly AlertHop[]): Bar[] {
  const times = hops.flatMap(({ at }) => at ?? []);
  if (times.length === 0)
    return hops.map((hop) => ({ hop, from: undefined, to: undefined, bound: undefined }));
  const first = Math.min(...times);
  const last = Math.max(...times);
  let before = first;
  const starts = hops.map(({ at, tookMs }) => {
    before = at ?? before;
    // What came before the hop that it counts from, and what counts from none, are moments.
    return at !== null && tookMs !== null && tookMs > 0 ? at - tookMs : before;
  });
  const boundEnds = hops.map(({ boundMs }, index) => (boundMs === null ? first : starts[index]! + boundMs));
  const span = Math.max(1, last - first);
  const end = Math.min(Math.max(last, ...boundEnds), last + span * boundShareMax);
  const share = (at: number) => Math.min(1, Math.max(0, (at - first) / Math.max(1, end - first)));
  return hops.map((hop, index) => ({
    hop,
    from: hop.at === null ? undefined : share(starts[index]!),
    to: hop.at === null ? undefined : share(hop.at),
    bound: hop.boundMs === null || hop.boundMs === 0 ? undefined : share(boundEnds[index]!),
  }));
}

function hopItem(
  bar: Bar,
  due: { readonly atMs: number; readonly withinMs: number } | undefined,
  zeroMs: number,
  endedAt: number,
): Markup {
  const { hop } = bar;
  const { at } = hop;
  const latency = latencyWords(hop);
  const bound = boundWords(hop);
  const settings = settingWords(hop);
  return markup`<li class="${at === null ? 'not-reached' : 'reached'}${hop.over && ' over'}">
<span class="hop-name">${hopName(hop.hop)}${hop.detail !== null && markup` <span class="hop-detail">${hop.detail}</span>`}</span>
<span class="hop-time">${at === null ? 'not seen' : markup`<time datetime="${new Date(at).toISOString()}" title="${wallTime(at)} UTC">${relativeTime(at, zeroMs)}</time>`}</span>
${picture(bar)}
<span class="hop-latency">${latency !== undefined && markup`<strong>${latency}</strong>`}${bound !== undefined && markup` <span class="hop-bound">${bound}${settings !== '' && markup`<span class="hop-settings">: ${settings}</span>`}</span>`}${hop.over && markup` <span class="hop-over">▲ over its bound</span>`}${due && markup` <span class="hop-deadline">${deadlineMark(at, due.atMs, endedAt)} due within ${humanDuration(due.withinMs)}</span>`}</span>
</li>`;
}

const pictureWidth = 1000;
const thin = 6;

/** The bar, what of it is over the bound, and the bound itself as a mark. */
function picture({ from, to, bound, hop }: Bar): Markup {
  const x = (share: number) => Math.round(share * pictureWidth);
  const bars: Markup[] = [];
  if (bound !== undefined && from !== undefined && bound > from)
    bars.push(markup`<rect class="hop-room" x="${x(from)}" y="4" width="${x(bound) - x(from)}" height="8"/>`);
  if (from !== undefined && to !== undefined) {
    const end = Math.max(x(to), Math.min(x(from) + thin, pictureWidth));
    const within = hop.over && bound !== undefined ? Math.min(end, x(bound)) : end;
    bars.push(
      markup`<rect class="hop-bar" x="${Math.min(x(from), end - thin)}" y="2" width="${Math.max(thin, within - x(from))}" height="12"/>`,
    );
    if (end > within)
      bars.push(markup`<rect class="hop-bar-over" x="${within}" y="2" width="${end - within}" height="12"/>`);
  }
  if (bound !== undefined && from !== undefined)
    bars.push(
      markup`<rect class="hop-mark" x="${Math.min(x(bound), pictureWidth - 3)}" y="0" width="3" height="16"/>`,
    );
  return markup`<svg class="hop-picture" viewBox="0 0 ${pictureWidth} 16" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>`;
}

/** Met, missed, or not yet due when the run ended. */
function deadlineMark(at: number | null, dueAt: number, endedAt: number): string {
  if (at !== null) return at <= dueAt ? '✓' : '✗';
  return dueAt <= endedAt ? '✗' : '…';
}
