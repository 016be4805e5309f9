// One row of the timeline picture: what it shows on the left (above it on a phone), the plot on the right.

import type { Standing } from '../../standing.ts';
import { type Markup, markup, trusted } from '../markup.ts';
import type { Readout } from './readout.ts';

export interface Lane {
  readonly kind: 'objective' | 'alert' | 'fault' | 'workflow';
  readonly title: string;
  readonly word: string;
  readonly standing: Standing;
  /** A short line under the title. */
  readonly note: string;
  /** A small picture below the note. */
  readonly gauge?: Markup | undefined;
  readonly plot: Markup;
  readonly readout: Readout;
}

export function laneRow(lane: Lane, index: number): Markup {
  const { mark, tone } = lane.standing;
  return markup`<div class="lane lane-${lane.kind}"><div class="lane-head"><div class="lane-title">${breakable(lane.title)}</div><div class="lane-facts"><span class="word tone-${tone}">${mark} ${lane.word}</span><span class="lane-note">${lane.note}</span></div>${lane.gauge}<output class="lane-readout" data-lane="${index}" hidden></output></div><div class="lane-plot">${lane.plot}</div></div>`;
}

/** A long name breaks between its words: `ConnectionPool|NearLimit`, `checkout-|latency`. */
function breakable(name: string): Markup[] {
  const words = name.split(/(?<=[-_:./])|(?<=[a-z0-9])(?=[A-Z])/);
  return words.map((word, index) => (index === 0 ? markup`${word}` : markup`${trusted('<wbr>')}${word}`));
}
