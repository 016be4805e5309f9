// A Schedule or a Workflow over time: a thin bar for each node while it went on, one row below the other.

import { humanDuration } from '../../../base/duration.ts';
import type { TimelineEvent } from '../../../experiment/timeline.ts';
import type { Lane } from '../chart/lane.ts';
import { percent, rounded, shareOf, type TimeScale } from '../chart/scale.ts';
import { type Markup, markup } from '../markup.ts';

const rowPx = 15;
/** Further nodes are in the list of events. */
const rowsMax = 24;
/** Nothing that happened is thinner than this share of the width. */
const barShareMin = 0.002;

interface Stay {
  readonly fromMs: number;
  readonly toMs: number;
  /** How it ended; `started` when it had not. */
  readonly state: string;
}

/** One for each Schedule and Workflow, in the order in which they began. */
export function workflowLanes(timeline: readonly TimelineEvent[], time: TimeScale): Lane[] {
  const names = new Set(
    timeline.flatMap((event) => (event.type === 'workflow.node' ? [event.workflow] : [])),
  );
  return [...names].map((name) => {
    const nodes = nodesOf(name, timeline, time);
    return {
      kind: 'workflow',
      title: name,
      word: nodes.size === 1 ? '1 node' : `${nodes.size} nodes`,
      standing: { mark: '–', tone: 'plain' },
      note: nodes.size > rowsMax ? `the first ${rowsMax} are shown` : '',
      plot: plotOf(name, [...nodes].slice(0, rowsMax), time),
      readout: [],
    };
  });
}

/** A node may come more than once. */
function nodesOf(workflow: string, timeline: readonly TimelineEvent[], time: TimeScale): Map<string, Stay[]> {
  const nodes = new Map<string, Stay[]>();
  for (const event of timeline) {
    if (event.type !== 'workflow.node' || event.workflow !== workflow) continue;
    const stays = nodes.get(event.node) ?? [];
    nodes.set(event.node, stays);
    const open = stays.findIndex(({ state }) => state === 'started');
    if (event.state === 'started') stays.push({ fromMs: event.at, toMs: time.endMs, state: 'started' });
    else if (open >= 0) stays[open] = { ...stays[open]!, toMs: event.at, state: event.state };
    else stays.push({ fromMs: event.at, toMs: event.at, state: event.state });
  }
  return nodes;
}

function plotOf(name: string, nodes: readonly [string, readonly Stay[]][], time: TimeScale): Markup {
  const rows = nodes.map(([node, stays], row) => {
    const from = Math.min(...stays.map(({ fromMs }) => shareOf(time, fromMs)));
    // Where there is no room behind the begin of the bar, the name stands before it.
    const isLate = from > 0.5;
    const label = markup`<text class="value-tick" x="${percent(from)}" dx="${isLate ? -4 : 4}" y="${row * rowPx + 11}" text-anchor="${isLate ? 'end' : 'start'}">${node}</text>`;
    return markup`${stays.map((stay) => barOf(node, stay, row, time))}${label}`;
  });
  return markup`<svg class="plot" height="${nodes.length * rowPx + 4}" role="img"><title>Nodes of ${name}</title>${rows}</svg>`;
}

function barOf(node: string, { fromMs, toMs, state }: Stay, row: number, time: TimeScale): Markup {
  const from = shareOf(time, fromMs);
  const width = Math.max(barShareMin, shareOf(time, toMs) - from);
  return markup`<rect class="node-bar" x="${percent(from)}" width="${percent(width)}" y="${rounded(row * rowPx + 1)}" height="${rowPx - 2}"><title>${node}: ${state}, ${humanDuration(toMs - fromMs)}</title></rect>`;
}
