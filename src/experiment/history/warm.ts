// Gives long windows their history: of each series that one of them reads, real samples where there are some, and before
// them the steady part of the baseline, backwards; then what recording rules would have made of it. Depends on nothing
// but its input, so that a run can be judged again with the same history.

import { UserError } from '../../base/diagnostics.ts';
import { derivedSeed, seededRandom } from '../../base/random.ts';
import type { Features } from '../../promql/features.ts';
import { parseMatchers } from '../../promql/parser.ts';
import { histogramPresent, type Queryable, type SeriesView } from '../../telemetry/metrics/series.ts';
import type { PlannedHistory, PlannedRecording, PlannedWindow } from '../timeline.ts';
import { Demand, type Limits, limitsOf, reachOf, windowName, withinLength } from './budget.ts';
import { counterBackwards, Draws, Grids, levelBackwards } from './extend.ts';
import { HeldSeries } from './held-series.ts';
import { type PastSeries, type RealPast, realBefore } from './real-past.ts';
import { hold, readersOf, recordedOver, stepFor } from './recorded.ts';
import { type SteadyPart, steadyPartOf } from './steady-part.ts';
import { WarmedSource } from './warmed-source.ts';

export interface WarmInput {
  readonly plan: PlannedHistory;
  /** What was recorded, from before the steady part on. */
  readonly live: Queryable;
  /** Of the steady part of the baseline, Unix milliseconds. */
  readonly steadyFromMs: number;
  readonly steadyToMs: number;
  /** Where it joins: before each series' first sample, or at the end of the steady part in place of all before. */
  readonly joins: 'first' | 'end';
  readonly seed: number;
  readonly features: Features;
  /** Samples of an earlier time of the same system. */
  readonly real?: RealPast | undefined;
}

export interface Warmed {
  readonly history: HeldSeries;
  /** How far before the end of the steady part it reaches. */
  readonly reachMs: number;
  /** Series with a real history, and since when the youngest of them is real; null without any. */
  readonly realSeries: number;
  readonly realSinceMs: number | null;
  /** What of the real history was taken, with its times as they are in the history. */
  readonly realUsed: HeldSeries;
  readonly cold: readonly string[];
}

/** Samples between two pauses, so that the caller can do something else. */
const samplesBetweenPauses = 500_000;

/** The whole of it at once. */
export function warm(input: WarmInput): Warmed {
  const work = warming(input);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** The same in pieces of some milliseconds: a run has heartbeats to send meanwhile. */
export function* warming(asked: WarmInput): Generator<void, Warmed> {
  const input = { ...asked, plan: withinLength(asked.plan) };
  const { plan, live } = input;
  const making = new Making(input);
  const demands = demandsOf(input);
  const limits = limitsOf(demands, plan, making.cold);
  let sincePause = 0;
  for (const demand of demands) {
    sincePause += making.extend(demand, limits);
    if (sincePause <= samplesBetweenPauses) continue;
    sincePause = 0;
    yield;
  }
  const clipped = input.joins === 'end' ? { liveAfterMs: input.steadyToMs } : {};
  const whole = new WarmedSource(making.history, live, clipped);
  for (const rule of plan.recordings) {
    yield;
    making.record(rule, whole, limits);
  }
  return making.result();
}

/** The series that windows on raw samples read, each with all of its windows. */
function demandsOf({ plan, live, steadyToMs }: WarmInput): Demand[] {
  const demands = new Map<string, Demand>();
  for (const window of plan.windows) {
    const parsed = window.kind === 'recorded' ? undefined : parseMatchers(window.selector);
    if (!parsed?.ok) continue;
    for (const view of live.select(parsed.matchers, Number.NEGATIVE_INFINITY, steadyToMs)) {
      const demand = demands.get(view.labels.key) ?? new Demand(view);
      demands.set(view.labels.key, demand);
      demand.add(window);
    }
  }
  return [...demands.values()];
}

class Making {
  readonly history = new HeldSeries();
  readonly #realUsed = new HeldSeries();
  readonly cold = new Set<string>();
  readonly #input: WarmInput;
  readonly #draws: Draws;
  readonly #grids = new Grids();
  #reachMs = 0;
  #realSeries = 0;
  #realSinceMs: number | null = null;

  constructor(input: WarmInput) {
    this.#input = input;
    this.#draws = new Draws(seededRandom(derivedSeed(input.seed, 'history')));
  }

  /** Makes the history of one series; how many samples it has. */
  extend(demand: Demand, limits: Limits): number {
    const { steadyFromMs, steadyToMs, joins, real } = this.#input;
    const { view, labels, isCounter } = demand;
    const reachMs = demand.reachWithin(limits);
    if (reachMs === 0) return 0;
    const part = steadyPartOf(view, { fromMs: steadyFromMs, toMs: steadyToMs, joins, isCounter });
    if (!part) {
      this.cold.add(whyCold(view));
      return 0;
    }
    const oldestMs = steadyToMs - reachMs;
    const spacingMs = Math.max(Math.round(demand.spacingMs), part.intervalMs);
    const known = real && realBefore(real, { labels, part, isCounter, oldestMs, spacingMs });
    if (known) {
      this.#realSeries++;
      this.#realUsed.add(labels, known.column, known.values);
      const sinceMs = known.column.times[0]!;
      this.#realSinceMs = Math.max(this.#realSinceMs ?? sinceMs, sinceMs);
    }
    const past = this.#backwards(part, known, { isCounter, oldestMs, spacingMs });
    if (past.column.length === 0) return 0;
    this.#reachMs = Math.max(this.#reachMs, steadyToMs - past.column.times[0]!);
    this.history.add(labels, past.column, past.values);
    return past.column.length;
  }

  #backwards(
    part: SteadyPart,
    known: PastSeries | undefined,
    wanted: { readonly isCounter: boolean; readonly oldestMs: number; readonly spacingMs: number },
  ): PastSeries {
    const { isCounter, oldestMs, spacingMs } = wanted;
    const anchor = known
      ? { atMs: known.column.times[0]!, value: known.values[0]!, included: false }
      : part.anchor;
    const steps = Math.max(0, Math.ceil((anchor.atMs - oldestMs) / spacingMs));
    const older = { ...part, anchor };
    const values = isCounter
      ? counterBackwards(older, spacingMs, steps, this.#draws)
      : levelBackwards(older, steps, this.#draws);
    const column = this.#grids.column(anchor.atMs, spacingMs, steps, anchor.included);
    if (!known) return { column, values };
    const times = Float64Array.from([...column.times, ...known.column.times]);
    return {
      column: { times, length: times.length },
      values: Float64Array.from([...values, ...known.values]),
    };
  }

  /** What a rule would have recorded, as far as somebody reads it and samples are left. */
  record(rule: PlannedRecording, source: Queryable, limits: Limits): void {
    const { plan, steadyToMs, features } = this.#input;
    const reachIn = (window: PlannedWindow) => reachOf(window, limits.lengthMs);
    const readers = readersOf(rule, plan.windows).filter((window) => reachIn(window) <= limits.reachMs);
    if (readers.length === 0) return;
    const stepMs = stepFor(rule, readers);
    const reachMs = Math.max(...readers.map(reachIn));
    // The run goes on with an evaluation of its own.
    const toMs = steadyToMs - rule.evaluationIntervalMs;
    const steps = Math.floor((reachMs - rule.evaluationIntervalMs) / stepMs);
    const spare = plan.samplesMax - this.history.sampleCount;
    try {
      const now = recordedOver(rule, source, { fromMs: toMs, toMs, stepMs, features });
      if (now.length * (steps + 1) > spare) {
        this.cold.add(`${windowName(readers[0]!)}, beyond ${plan.samplesMax} samples`);
        return;
      }
      hold(
        this.history,
        recordedOver(rule, source, { fromMs: toMs - steps * stepMs, toMs, stepMs, features }),
      );
      this.#reachMs = Math.max(this.#reachMs, steadyToMs - (toMs - steps * stepMs));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.cold.add(`${windowName(readers[0]!)}, because its rule fails: ${error.message}`);
    }
  }

  result(): Warmed {
    const { history, cold } = this;
    return {
      history,
      reachMs: this.#reachMs,
      realSeries: this.#realSeries,
      realSinceMs: this.#realSinceMs,
      realUsed: this.#realUsed,
      cold: [...cold].sort(),
    };
  }
}

function whyCold({ labels, states, first, last, offset }: SeriesView): string {
  for (let row = first; row < last; row++)
    if (states[row - offset] === histogramPresent) return `${labels.name}, a native histogram`;
  return `${labels.name}, with fewer than two samples in the baseline`;
}
