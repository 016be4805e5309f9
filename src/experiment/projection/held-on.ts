// The recording as it would have gone on had the fault stayed: up to the undo what was measured, from there on what the
// second half of the fault showed, again and again. Counters go on counting at that rate, levels stand as they stood.

import { metricName } from '../../base/labels.ts';
import type { Matcher } from '../../base/matcher.ts';
import { parseMatchers } from '../../promql/parser.ts';
import { firstAfter } from '../../telemetry/metrics/columns.ts';
import type { Queryable, SeriesView, TimeColumn } from '../../telemetry/metrics/series.ts';
import { countedOver } from '../history/extend.ts';
import { HeldSeries } from '../history/held-series.ts';
import type { PlannedWindow } from '../timeline.ts';
import { type Limit, limitOf } from './limits.ts';
import { type HeldSamples, type Movement, movementOf } from './movement.ts';

export interface HoldingOn {
  readonly recording: Queryable;
  /** Of raw series, with how densely they are read. */
  readonly windows: readonly PlannedWindow[];
  /** What is held is what was from here to the undo. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly untilMs: number;
}

/** A gauge on its way to a limit. `atMs` is null where it does not get there in the time that is looked at. */
export interface Reached {
  readonly series: string;
  readonly limit: Limit;
  readonly atMs: number | null;
}

export interface HeldOn {
  /** After the undo only. */
  readonly series: HeldSeries;
  readonly isLevel: boolean;
  readonly reached: readonly Reached[];
  /** The first series of which nobody knows how it would have gone on. */
  readonly unknown: string | undefined;
}

/** What goes on without its samples being told one by one: more would be held than anybody evaluates. */
const samplesMax = 20_000_000;

export function holdOn({ recording, windows, fromMs, toMs, untilMs }: HoldingOn): HeldOn {
  const series = new HeldSeries();
  const reached: Reached[] = [];
  const columns = new Map<string, TimeColumn>();
  let isLevel = true;
  let samples = 0;
  for (const { view, isCounter, spacingMs } of readSeries(recording, windows, fromMs, toMs)) {
    const movement = movementOf(view, fromMs, toMs, isCounter);
    if (movement.kind === 'gone') continue;
    const limit = movement.kind === 'trend' ? limitFor(view, movement.perMs, recording, toMs) : undefined;
    if (movement.kind === 'unclear' || (movement.kind === 'trend' && !limit))
      return { series, isLevel: false, reached, unknown: view.labels.toString() };
    isLevel &&= movement.kind !== 'trend' && movement.isLevel;
    const everyMs = Math.max(spacingMs, intervalOf(movement.samples));
    const key = `${movement.samples.times.at(-1)} ${everyMs}`;
    const column = columns.get(key) ?? columnAfter(movement.samples.times.at(-1)!, everyMs, toMs, untilMs);
    columns.set(key, column);
    samples += column.length;
    if (samples > samplesMax)
      return { series, isLevel: false, reached, unknown: 'more samples than are held' };
    series.add(view.labels, column, valuesAt(movement, column, limit));
    if (movement.kind === 'trend') reached.push(reachedBy(view, movement, limit!, untilMs));
  }
  return { series, isLevel, reached, unknown: undefined };
}

interface ReadSeries {
  readonly view: SeriesView;
  readonly isCounter: boolean;
  readonly spacingMs: number;
}

/** Each series that some window reads, once, as densely as the one that asks for most. */
function readSeries(
  recording: Queryable,
  windows: readonly PlannedWindow[],
  fromMs: number,
  toMs: number,
): Iterable<ReadSeries> {
  const found = new Map<string, ReadSeries>();
  for (const { selector, kind, spacingMs } of windows) {
    const parsed = kind === 'recorded' ? undefined : parseMatchers(selector);
    if (!parsed?.ok) continue;
    for (const view of recording.select(parsed.matchers, fromMs, toMs)) {
      const known = found.get(view.labels.key);
      found.set(view.labels.key, {
        view,
        isCounter: kind === 'counter' || (known?.isCounter ?? false),
        spacingMs: Math.min(spacingMs, known?.spacingMs ?? Number.POSITIVE_INFINITY),
      });
    }
  }
  return found.values();
}

function limitFor(
  { labels }: SeriesView,
  perMs: number,
  recording: Queryable,
  atMs: number,
): Limit | undefined {
  return limitOf(labels, perMs > 0 ? 'rising' : 'falling', recording, atMs);
}

function intervalOf({ times }: HeldSamples): number {
  return times.length < 2 ? 0 : (times.at(-1)! - times[0]!) / (times.length - 1);
}

/** Samples at the same distance as before, the first after the undo. */
function columnAfter(lastMs: number, everyMs: number, toMs: number, untilMs: number): TimeColumn {
  const stepMs = Math.max(1, everyMs || untilMs - toMs);
  const skipped = Math.max(1, Math.floor((toMs - lastMs) / stepMs) + 1);
  const length = Math.max(1, Math.floor((untilMs - lastMs) / stepMs) - skipped + 1);
  const times = Float64Array.from({ length }, (_, i) => lastMs + (skipped + i) * stepMs);
  return { times, length };
}

function valuesAt(
  movement: Exclude<Movement, { kind: 'gone' | 'unclear' }>,
  { times, length }: TimeColumn,
  limit: Limit | undefined,
): Float64Array {
  const { samples, kind } = movement;
  const lastMs = samples.times.at(-1)!;
  const last = samples.values.at(-1)!;
  if (movement.kind === 'trend') {
    const { perMs } = movement;
    const bound = perMs > 0 ? Math.min : Math.max;
    return times.slice(0, length).map((at) => bound(limit!.value, last + perMs * (at - lastMs)));
  }
  if (samples.times.length < 2) return new Float64Array(length).fill(last);
  const spanMs = lastMs - samples.times[0]!;
  const column = { times: samples.times, length: samples.times.length };
  const counted = kind === 'counter' ? countedOver(samples.values) : samples.values;
  return times.slice(0, length).map((at) => {
    const rounds = Math.floor((at - lastMs) / spanMs);
    const intoMs = at - lastMs - rounds * spanMs;
    // Half a millisecond for what adding up intervals loses.
    const row = Math.max(0, firstAfter(column, samples.times[0]! + intoMs + 0.5) - 1);
    return kind === 'counter' ? last + rounds * counted.at(-1)! + counted[row]! : counted[row]!;
  });
}

function reachedBy(
  { labels }: SeriesView,
  { samples, perMs }: Extract<Movement, { kind: 'trend' }>,
  limit: Limit,
  untilMs: number,
): Reached {
  const atMs = samples.times.at(-1)! + (limit.value - samples.values.at(-1)!) / perMs;
  return { series: labels.toString(), limit, atMs: atMs <= untilMs ? atMs : null };
}

/** A source as it was at a time: nothing later, and without what rules recorded under some names. */
export class EndedSource implements Queryable {
  readonly #source: Queryable;
  readonly #endMs: number;
  readonly #hidden: ReadonlySet<string>;

  constructor(source: Queryable, endMs: number, hidden: ReadonlySet<string>) {
    this.#source = source;
    this.#endMs = endMs;
    this.#hidden = hidden;
  }

  select(matchers: readonly Matcher[], minMs: number, maxMs: number): SeriesView[] {
    const untilMs = Math.min(maxMs, this.#endMs);
    if (minMs > untilMs) return [];
    const name = matchers.find((matcher) => matcher.name === metricName && matcher.operator === '=');
    if (name && this.#hidden.has(name.value)) return [];
    const views = this.#source.select(matchers, minMs, untilMs);
    return this.#hidden.size === 0 ? views : views.filter(({ labels }) => !this.#hidden.has(labels.name));
  }
}
