// One frame of the live view, as text: what phase it is and how long it lasts, each objective as a sparkline against
// its threshold, each alert's state, each fault's hits, and the last events.

import { humanDuration } from '../../base/duration.ts';
import { formatQuantity } from '../../experiment/judge/quantity.ts';
import { holds, worstEnd } from '../comparison.ts';
import { describeEvent } from '../describe-event.ts';
import { relativeTime, wallTime } from '../moment.ts';
import { visible } from '../plain-text.ts';
import { condense, sparkline } from '../sparkline.ts';
import { type Paint, paintFor, type TerminalOptions, usableWidth } from '../terminal/paint.ts';
import { fitted, textWidth, truncated } from '../terminal/text-width.ts';
import type { LiveAlert, LiveFault, LiveObjective, LiveState } from './state.ts';

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const spinnerStepMs = 250;
const eventsShownMax = 6;
const barWidth = 20;

export interface FrameOptions extends TerminalOptions {
  /** Rows of the terminal; the oldest events give way first. */
  readonly height?: number;
}

/** Lines without a trailing line break, none wider than the terminal. */
export function liveFrame(state: LiveState, options: FrameOptions): string {
  const width = usableWidth(options.width);
  const paint = paintFor(options.color);
  const nameWidth = nameColumn(state, width);
  const lines = [
    titleLine(state, width, paint),
    phaseLine(state, width, paint),
    '',
    ...state.objectives.map((objective) => objectiveLine(objective, nameWidth, width, paint)),
    ...state.alerts.map((alert) => alertLine(alert, state.now, nameWidth, width, paint)),
    ...state.faults.map((fault) => faultLine(fault, nameWidth, width, paint)),
  ];
  const room = Math.min(eventsShownMax, (options.height ?? 24) - lines.length - 2);
  const events = room > 0 ? state.events.slice(-room) : [];
  if (events.length > 0) lines.push('', ...events.map((event) => eventLine(event, state, width, paint)));
  return lines.join('\n');
}

function titleLine(state: LiveState, width: number, paint: Paint): string {
  const turn = spinner[Math.floor(state.now / spinnerStepMs) % spinner.length]!;
  const clock = wholeSeconds(state.now - state.startedAt);
  const title = fitted(visible(state.title), width - textWidth(clock) - 3);
  return `${paint.link(turn)} ${paint.strong(title)} ${paint.quiet(clock)}`;
}

function phaseLine(state: LiveState, width: number, paint: Paint): string {
  if (!state.phase) return paint.quiet('  starting');
  const { name, startedAt, plannedMs } = state.phase;
  const passedMs = state.now - startedAt;
  const leftMs = plannedMs - passedMs;
  const share = plannedMs > 0 ? Math.min(1, Math.max(0, passedMs / plannedMs)) : 1;
  const full = Math.round(share * barWidth);
  const bar = '━'.repeat(full) + paint.quiet('─'.repeat(barWidth - full));
  const left = plannedMs === 0 ? wholeSeconds(passedMs) : leftWords(leftMs);
  const tone = name === 'fault' ? paint.tone.warn : (text: string) => text;
  return `  ${tone(fitted(name, 9))} ${tone(bar)} ${truncated(left, Math.max(0, width - barWidth - 13))}`;
}

function nameColumn(state: LiveState, width: number): number {
  const names = [...state.objectives, ...state.alerts, ...state.faults].map(({ name }) =>
    textWidth(visible(name)),
  );
  return Math.min(Math.floor(width / 3), Math.max(8, ...names));
}

function leftWords(leftMs: number): string {
  return leftMs >= 0
    ? `${wholeSeconds(Math.ceil(leftMs / 1000) * 1000)} left`
    : `${wholeSeconds(-leftMs)} over its plan`;
}

function wholeSeconds(ms: number): string {
  return ms < 1000 ? '0s' : humanDuration(Math.floor(ms / 1000) * 1000);
}

/** Of most values: the bounds of the objectives stand below each other. */
const valueWidth = 9;

function objectiveLine(objective: LiveObjective, nameWidth: number, width: number, paint: Paint): string {
  const { quantity, operator, threshold, values } = objective;
  const current = values.at(-1) ?? null;
  const bound = threshold === null ? '' : `${operator} ${quantity(threshold)}`;
  const value = current === null ? 'no data' : quantity(current);
  const inBounds = current !== null && holds({ operator, threshold }, current);
  const [mark, tone] = objective.broken
    ? (['✗', paint.tone.bad] as const)
    : current === null
      ? (['?', paint.tone.unsure] as const)
      : inBounds
        ? (['✓', paint.tone.good] as const)
        : (['!', paint.tone.warn] as const);
  const facts = `${fitted(value, Math.max(valueWidth, textWidth(value)))} ${bound}`;
  const chartWidth = Math.max(8, Math.min(60, width - nameWidth - textWidth(facts) - 8));
  const chart = sparkline(condense(values, chartWidth, worstEnd(operator)), chartWidth, threshold);
  return `  ${tone(mark)} ${fitted(visible(objective.name), nameWidth)}  ${tone(fitted(chart, chartWidth))}  ${truncated(facts, Math.max(0, width - nameWidth - chartWidth - 8))}`;
}

function alertLine(alert: LiveAlert, now: number, nameWidth: number, width: number, paint: Paint): string {
  const tones = { inactive: paint.quiet, pending: paint.tone.warn, firing: paint.tone.bad } as const;
  const marks = { inactive: '○', pending: '◐', firing: '●' } as const;
  const told = alert.told.length > 0 ? `, told ${alert.told.join(', ')}` : '';
  const text = truncated(visible(stateWords(alert, now) + told), Math.max(0, width - nameWidth - 6));
  const tone = tones[alert.state];
  return `  ${tone(marks[alert.state])} ${fitted(visible(alert.name), nameWidth)}  ${tone(text)}`;
}

function stateWords({ state, since }: LiveAlert, now: number): string {
  if (since === undefined) return state;
  const passed = wholeSeconds(now - since);
  return state === 'inactive' ? `inactive again for ${passed}` : `${state} for ${passed}`;
}

function faultLine(fault: LiveFault, nameWidth: number, width: number, paint: Paint): string {
  const active = fault.state === 'in place';
  const bad = fault.state === 'failed' || fault.state === 'stuck';
  const tone = active ? paint.tone.warn : bad ? paint.tone.bad : paint.quiet;
  const hits = fault.hits === undefined ? '' : `, ${fault.hits} ${fault.hits === 1 ? 'hit' : 'hits'}`;
  const text = truncated(`${fault.state}${hits} (${fault.kind})`, Math.max(0, width - nameWidth - 6));
  return `  ${tone(active ? '▲' : bad ? '✗' : '△')} ${fitted(visible(fault.name), nameWidth)}  ${tone(text)}`;
}

function eventLine(
  event: LiveState['events'][number],
  state: LiveState,
  width: number,
  paint: Paint,
): string {
  const when = state.injectedAt === undefined ? wallTime(event.at) : relativeTime(event.at, state.injectedAt);
  const quantities = new Map(state.objectives.map(({ name, quantity }) => [name, quantity]));
  const sentence = describeEvent(event, (objective) => quantities.get(objective) ?? formatQuantity);
  return `  ${paint.quiet(fitted(when, 9))} ${truncated(sentence, width - 12)}`;
}
