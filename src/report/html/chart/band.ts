// Stretches of time: the strip of phases above the lanes, and the shading behind them.

import { type Markup, markup } from '../markup.ts';
import { percent, percentAt, shareOf, type TimeScale } from './scale.ts';
import type { TimeTick } from './ticks.ts';

export interface Band {
  readonly name: string;
  readonly label: string;
  /** Shown on hover and read aloud. */
  readonly title: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const stripHeightPx = 24;
/** A band needs this share of the width for each letter of its word, and for the space around it. */
const letterShare = 0.0095;
const paddingShare = 0.02;
/** On a phone a word needs about this many times the share. */
const narrowFactor = 2.4;

/** Each band is an SVG of its own inside the strip, so that its label is cut off at its ends. */
export function bandStrip(bands: readonly Band[], scale: TimeScale): Markup {
  const list = bands.map((band) => `${band.label}: ${band.title}`).join('; ');
  return markup`<svg class="plot" height="${stripHeightPx}" role="img" aria-label="Phases: ${list}">${bands.map(
    (band) => {
      const from = shareOf(scale, band.fromMs);
      const width = shareOf(scale, band.toMs) - from;
      if (width <= 0) return undefined;
      const needed = band.label.length * letterShare + paddingShare;
      return markup`<svg class="band band-${band.name}" x="${percent(from)}" y="0" width="${percent(width)}" height="${stripHeightPx}"><title>${band.title}</title><rect width="100%" height="100%"/>${
        width >= needed &&
        markup`<text${width < narrowFactor * needed && markup` class="fine"`} x="8" y="16">${band.label}</text>`
      }</svg>`;
    },
  )}</svg>`;
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Behind all lanes: the fault's windows shaded, a line at each tick, a stronger one at the injection. */
export function backdrop(
  windows: readonly Window[],
  ticks: readonly TimeTick[],
  injectedMs: number | null,
  scale: TimeScale,
): Markup {
  const shades = windows.map(({ fromMs, toMs }) => {
    const from = shareOf(scale, fromMs);
    const width = percent(Math.max(0, shareOf(scale, toMs) - from));
    return markup`<rect class="fault-window" x="${percent(from)}" y="0" width="${width}" height="100%"/>`;
  });
  const lines = ticks.map((tick) => {
    const x = percentAt(scale, tick.atMs);
    return markup`<line class="tick-line${tick.fine && ' fine'}" x1="${x}" x2="${x}" y1="0" y2="100%"/>`;
  });
  const zero =
    injectedMs !== null &&
    markup`<line class="zero-line" x1="${percentAt(scale, injectedMs)}" x2="${percentAt(scale, injectedMs)}" y1="0" y2="100%"/>`;
  return markup`<svg class="backdrop" aria-hidden="true">${shades}${lines}${zero}</svg>`;
}
