// What happened in the baseline, step by step: bad events and all events. Everything that a suggestion says of the
// baseline (its worst stretch, the budget spent, the pages) is counted from these.

import type { Querier } from '../../promql/querier.ts';
import type { Sli } from '../objective.ts';
import { operatorOf, queryOver } from '../sli-over.ts';

export interface Baseline {
  readonly querier: Querier;
  /** Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface ErrorCurve {
  readonly stepMs: number;
  /** Of the step that ends at fromMs + (i + 1) * stepMs; zero where nothing was seen. */
  readonly bad: Float64Array;
  readonly total: Float64Array;
}

/** Steps of one curve: finer ones than these no window needs. */
const stepsMax = 5000;
/** A counter's rate needs two samples in each step. */
const scrapesInStep = 2;

/** Distance of the samples that a selector has, from how many of them there are; undefined with fewer than two. */
export async function sampleIntervalMs(
  probe: string,
  { querier, fromMs, toMs }: Baseline,
): Promise<number | undefined> {
  const lengthMs = toMs - fromMs;
  const [most] = await querier.instant(`max(count_over_time(${probe}[${lengthMs}ms]))`, toMs);
  return most === undefined || most.value < 2 ? undefined : lengthMs / most.value;
}

/** `eventsPerSecond` is for an SLI that is a ratio already: how many events stand behind it. */
export async function errorCurve(
  sli: Sli,
  intervalMs: number,
  baseline: Baseline,
  eventsPerSecond?: string,
): Promise<ErrorCurve> {
  const lengthMs = baseline.toMs - baseline.fromMs;
  const isSampled = sli.type === 'threshold';
  const leastMs = Math.max(lengthMs / stepsMax, (isSampled ? 1 : scrapesInStep) * intervalMs);
  const stepMs = Math.max(1, Math.round(leastMs));
  // One interval more, so that no increase between the last sample of a step and the first of the next is lost.
  const overMs = Math.round(stepMs + intervalMs);
  const stepS = stepMs / 1000;
  const values = (expression: string) => valuesOf(expression, stepMs, baseline);
  if (sli.type === 'threshold') {
    const { query, op, value } = sli;
    const [total, good] = await Promise.all([
      values(`count(${query.promql})`),
      values(`sum((${query.promql}) ${operatorOf(op)} bool ${value})`),
    ]);
    return { stepMs, total, bad: total.map((all, i) => all - good[i]!) };
  }
  if (sli.type === 'raw') {
    const [ratio, rate] = await Promise.all([
      values(queryOver(sli.query, overMs)),
      values(eventsPerSecond ?? '1'),
    ]);
    const share = (i: number) => (sli.rawType === 'success' ? 1 - ratio[i]! : ratio[i]!);
    return {
      stepMs,
      total: rate.map((each) => each * stepS),
      bad: rate.map((each, i) => (each > 0 ? each * stepS * share(i) : 0)),
    };
  }
  const [total, side] = await Promise.all([
    values(queryOver(sli.total, overMs)),
    values(queryOver((sli.good ?? sli.bad)!, overMs)),
  ]);
  const bad = sli.good ? total.map((all, i) => Math.max(0, all - side[i]!)) : side;
  return { stepMs, total: total.map((each) => each * stepS), bad: bad.map((each) => each * stepS) };
}

async function valuesOf(
  expression: string,
  stepMs: number,
  { querier, fromMs, toMs }: Baseline,
): Promise<Float64Array> {
  const count = Math.max(1, Math.floor((toMs - fromMs) / stepMs));
  const values = new Float64Array(count);
  const series = await querier.range(expression, fromMs + stepMs, fromMs + count * stepMs, stepMs);
  for (const { times, values: own } of series) {
    for (let i = 0; i < times.length; i++) {
      const at = Math.round((times[i]! - fromMs) / stepMs) - 1;
      const value = own[i]!;
      if (at >= 0 && at < count && Number.isFinite(value)) values[at]! += value;
    }
  }
  return values;
}

/** Sums over any stretch of steps in constant time. */
export class Sums {
  readonly #sums: Float64Array;

  constructor(values: Float64Array) {
    this.#sums = new Float64Array(values.length + 1);
    for (let i = 0; i < values.length; i++) this.#sums[i + 1] = this.#sums[i]! + values[i]!;
  }

  /** Of the last `count` steps up to and including `last`; fewer where the curve begins later. */
  upTo(last: number, count: number): number {
    return this.#sums[last + 1]! - this.#sums[Math.max(0, last + 1 - count)]!;
  }
}
