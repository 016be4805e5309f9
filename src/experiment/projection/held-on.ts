// The recording as it would have gone on had the fault stayed: up to the undo what was measured, from there on what the
// second half of the fault showed, again and again. Counters go on counting at that rate, levels stand as they stood.

import { type Labels, metricName } from '../../base/labels.ts';
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
interface Reached {
  readonly limit: Limit;
  readonly atMs: number | null;
}

/** How one series goes on. What nobody knows is not held on. */
export interface HeldMovement {
  readonly labels: Labels;
  readonly kind: 'level' | 'uneven' | 'trend' | 'unknown';
  readonly reached: Reached | undefined;
}

export interface HeldOn {
  /** After the undo only. */
  readonly series: HeldSeries;
  readonly movements: readonly HeldMovement[];
  /** There would be more samples than are held: nothing is. */
  readonly isTooMuch: boolean;
}

/** Of all series together. */
const samplesMax = 5_000_000;

export function holdOn({ recording, windows, fromMs, toMs, untilMs }: HoldingOn): HeldOn {
  const series = new HeldSeries();
  const movements: HeldMovement[] = [];
  const columns = new Map<string, TimeColumn>();
  let samples = 0;
  for (const { view, isCounter, spacingMs } of readSeries(recording, windows, fromMs, toMs)) {
    const { labels } = view;
    const movement = movementOf(view, fromMs, toMs, isCounter);
    if (movement.kind === 'gone') continue;
    const limit =
      movement.kind === 'trend'
        ? limitOf(labels, movement.perMs > 0 ? 'rising' : 'falling', recording, toMs)
        : undefined;
    if (movement.kind === 'unclear' || (movement.kind === 'trend' && !limit)) {
      movements.push({ labels, kind: 'unknown', reached: undefined });
      continue;
    }
    const lastMs = movement.samples.times.at(-1)!;
    const everyMs = Math.max(spacingMs, intervalOf(movement.samples)) || untilMs - toMs;
    samples += (untilMs - lastMs) / everyMs;
    if (samples > samplesMax) return { series: new HeldSeries(), movements, isTooMuch: true };
    const key = `${lastMs} ${everyMs}`;
    const column = columns.get(key) ?? columnAfter(lastMs, everyMs, toMs, untilMs);
    columns.set(key, column);
    series.add(labels, column, valuesAt(movement, column, limit));
    movements.push(
      movement.kind === 'trend'
        ? { labels, kind: 'trend', reached: reachedBy(movement, limit!, untilMs) }
        : { labels, kind: movement.isLevel ? 'level' : 'uneven', reached: undefined },
    );
  }
  return { series, movements, isTooMuch: false };
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

function intervalOf({ times }: HeldSamples): number {
  return times.length < 2 ? 0 : (times.at(-1)! - times[0]!) / (times.length - 1);
}

/** Samples at the same distance as before, the first after the undo. */
function columnAfter(lastMs: number, everyMs: number, toMs: number, untilMs: number): TimeColumn {
  const stepMs = Math.max(1, everyMs);
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
  { samples, perMs }: Extract<Movement, { kind: 'trend' }>,
  limit: Limit,
  untilMs: number,
): Reached {
  const atMs = samples.times.at(-1)! + (limit.value - samples.values.at(-1)!) / perMs;
  return { limit, atMs: atMs <= untilMs ? atMs : null };
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
