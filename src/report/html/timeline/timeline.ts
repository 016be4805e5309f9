// The timeline as a picture: phases above, then a lane for each objective, alert and fault, over one axis of time.
// Widths are shares of the page, heights are pixels, so that text keeps its size on a phone and on a wall.

import { humanDuration } from '../../../base/duration.ts';
import type { TimelineEvent } from '../../../experiment/timeline.ts';
import type { AlertVerdict } from '../../../experiment/verdict.ts';
import type { ReportInput } from '../../input.ts';
import type { Measurement } from '../../measured.ts';
import type { SpentBudget } from '../../spent-budget.ts';
import { timeAxis } from '../chart/axis.ts';
import { type Band, backdrop, bandStrip } from '../chart/band.ts';
import { type Lane, laneRow } from '../chart/lane.ts';
import type { TimeScale } from '../chart/scale.ts';
import { timeTicks } from '../chart/ticks.ts';
import { dataBlock } from '../data-block.ts';
import { type Markup, markup } from '../markup.ts';
import { type AlertLaneSubject, alertLane } from './alert-lane.ts';
import { faultLane, faultWindow } from './fault-lane.ts';
import { legend } from './legend.ts';
import { objectiveLane } from './objective-lane.ts';
import { workflowLanes } from './workflow-lane.ts';

export interface Picture {
  readonly input: ReportInput;
  /** By the objective's place in the verdict. */
  readonly measurements: readonly Measurement[];
  /** In the same order; undefined where there is none. */
  readonly budgets: readonly (SpentBudget | undefined)[];
}

/** Alerts that nobody listed but that started in the run are shown too, up to this many. */
const collateralLanesMax = 8;

export function timelinePicture({ input, measurements, budgets }: Picture): Markup {
  const { verdict, timeline } = input;
  const time = timeScale(input);
  const ticks = timeTicks(time);
  const lanes: Lane[] = [
    ...verdict.objectives.map((objective, index) =>
      objectiveLane(objective, measurements[index]!, budgets[index], time),
    ),
    ...alertSubjects(input).map((alert) => alertLane(alert, timeline, time, verdict.times)),
    ...verdict.faults.map((fault) => faultLane(fault, timeline, time)),
    ...workflowLanes(timeline, time),
  ];
  const windows = verdict.faults.flatMap((fault) => faultWindow(fault.name, timeline, time.endMs) ?? []);
  return markup`<figure class="timeline" aria-labelledby="timeline-heading">
<div class="chart" data-start="${time.startMs}" data-end="${time.endMs}" data-zero="${time.zeroMs}">
${backdrop(windows, ticks, verdict.times.injected, time)}
<div class="lane lane-phases"><div class="lane-head"><output class="lane-readout" data-lane="time" hidden></output></div><div class="lane-plot">${bandStrip(phaseBands(timeline, time), time)}</div></div>
${lanes.map((lane, index) => markup`${laneRow(lane, index)}\n`)}
<div class="lane lane-axis"><div class="lane-head"></div><div class="lane-plot">${timeAxis(ticks, time)}</div></div>
<div class="crosshair" hidden></div>
</div>
<figcaption>${legend(lanes)}${verdict.times.injected === null && markup`<p class="aside">Nothing was injected: times count from the start of the run.</p>`}</figcaption>
${dataBlock(
  'timeline-readouts',
  lanes.map((lane) => lane.readout),
)}
</figure>`;
}

export function timeScale(input: ReportInput): TimeScale {
  const { verdict } = input;
  return {
    startMs: verdict.startedAt,
    endMs: Math.max(verdict.endedAt, verdict.startedAt + 1),
    zeroMs: verdict.times.injected ?? verdict.startedAt,
  };
}

function phaseBands(timeline: readonly TimelineEvent[], time: TimeScale): Band[] {
  const phases = timeline.filter((event) => event.type === 'phase.started');
  return phases.map((event, index) => {
    const toMs = phases[index + 1]?.at ?? time.endMs;
    return {
      name: event.phase,
      label: event.phase,
      title: `${event.phase} phase, ${humanDuration(toMs - event.at)}${event.plannedMs > 0 ? ` (planned ${humanDuration(event.plannedMs)})` : ''}`,
      fromMs: event.at,
      toMs,
    };
  });
}

function alertSubjects({ verdict, experiment }: ReportInput): AlertLaneSubject[] {
  const listed = verdict.alerts.map((alert) => ({
    name: alert.name,
    labels: alert.labels,
    word: alert.verdict,
    judgement: alert.judgement,
    reason: alert.reason,
    breachedAt: alert.times.breached,
    spec: specOf(alert, experiment.alerts),
  }));
  const collateral = verdict.collateral.slice(0, collateralLanesMax).map((alert) => ({
    name: alert.name,
    labels: alert.labels,
    word: 'not listed',
    judgement: alert.judgement,
    reason: alert.reason,
    breachedAt: null,
    spec: undefined,
  }));
  return [...listed, ...collateral];
}

export function specOf<S extends Pick<AlertVerdict, 'name' | 'labels'>>(
  alert: Pick<AlertVerdict, 'name' | 'labels'>,
  specs: readonly S[],
): S | undefined {
  const key = (entry: Pick<AlertVerdict, 'name' | 'labels'>) =>
    JSON.stringify([entry.name, Object.entries(entry.labels).sort()]);
  return specs.find((spec) => key(spec) === key(alert));
}
