// What the forms of the picture mean, only for the kinds of lane that it has.

import type { Lane } from '../chart/lane.ts';
import { type Markup, markup } from '../markup.ts';

const entries: readonly { kind: Lane['kind']; sample: Markup; text: string }[] = [
  { kind: 'objective', sample: markup`<path class="line" d="M1 10L8 6L15 8L23 4"/>`, text: 'measured' },
  { kind: 'objective', sample: markup`<path class="threshold" d="M1 7H23"/>`, text: 'threshold' },
  {
    kind: 'objective',
    sample: markup`<path class="breach-area" d="M1 13L23 2V13Z"/><path class="line line-breach" d="M1 13L23 2"/>`,
    text: 'in breach',
  },
  {
    kind: 'alert',
    sample: markup`<rect class="state state-pending" x="1" y="2" width="22" height="10"/>`,
    text: 'pending',
  },
  {
    kind: 'alert',
    sample: markup`<rect class="state state-firing" x="1" y="2" width="22" height="10"/>`,
    text: 'firing',
  },
  {
    kind: 'alert',
    sample: markup`<circle class="mark-firing" cx="12" cy="7" r="6.4"/><path class="mark-ink" d="M12 3.5V7.5M12 10.4V11"/>`,
    text: 'told: firing',
  },
  {
    kind: 'alert',
    sample: markup`<circle class="mark-resolved" cx="12" cy="7" r="6"/><path class="mark-check" d="M9 7.2L11 9.4L15 4.6"/>`,
    text: 'told: resolved',
  },
  {
    kind: 'alert',
    sample: markup`<g class="deadline"><path class="flag" d="M9 1L16 4L9 7Z"/><line x1="9" x2="9" y1="1" y2="14"/></g>`,
    text: 'deadline',
  },
  {
    kind: 'fault',
    sample: markup`<rect class="fault-window" x="1" y="0" width="22" height="14"/>`,
    text: 'fault in place',
  },
  {
    kind: 'fault',
    sample: markup`<rect class="hit-bar" x="4" y="6" width="4" height="8"/><rect class="hit-bar" x="9" y="3" width="4" height="11"/><rect class="hit-bar" x="14" y="7" width="4" height="7"/>`,
    text: 'hits',
  },
];

export function legend(lanes: readonly Lane[]): Markup {
  const kinds = new Set(lanes.map((lane) => lane.kind));
  return markup`<ul class="legend">${entries
    .filter((entry) => kinds.has(entry.kind))
    .map(
      ({ sample, text }) =>
        markup`<li><svg width="24" height="14" aria-hidden="true">${sample}</svg>${text}</li>`,
    )}</ul>`;
}
