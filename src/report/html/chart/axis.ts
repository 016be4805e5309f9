// The time axis below the lanes: distance from the injection, and the wall-clock time under it.

import { wallTime } from '../../moment.ts';
import { type Markup, markup } from '../markup.ts';
import { percent, shareOf, type TimeScale } from './scale.ts';
import { type TimeTick, zeroLabel } from './ticks.ts';

const heightPx = 38;
/** A label nearer to an end than this is set against the end instead of centred. */
const edgeShare = 0.04;
/** It then needs this much room to the next one, or it would run into it. */
const edgeRoomShare = 0.13;

export function timeAxis(ticks: readonly TimeTick[], scale: TimeScale): Markup {
  return markup`<svg class="plot axis" height="${heightPx}" role="img" aria-label="Time from the injection, with wall-clock time in UTC">${ticks
    .filter((tick, index) => hasRoom(tick, ticks[index - 1] ?? ticks[index + 1], scale))
    .map((tick) => {
      const share = shareOf(scale, tick.atMs);
      const x = percent(share);
      const anchor = share < edgeShare ? 'start' : share > 1 - edgeShare ? 'end' : 'middle';
      return markup`<g class="tick${tick.fine && ' fine'}" text-anchor="${anchor}"><text class="tick-offset" x="${x}" y="14">${tick.label}</text><text class="tick-wall" x="${x}" y="30">${wallTime(tick.atMs)}</text></g>`;
    })}</svg>`;
}

/** Beside its neighbour, for a tick at an end; the line of a tick without a label stays. */
function hasRoom({ atMs, label }: TimeTick, neighbour: TimeTick | undefined, scale: TimeScale): boolean {
  const share = shareOf(scale, atMs);
  const isCentred = share >= edgeShare && share <= 1 - edgeShare;
  if (isCentred || !neighbour || label === zeroLabel) return true;
  return Math.abs(share - shareOf(scale, neighbour.atMs)) >= edgeRoomShare;
}
