// What is said about an objective: in the units of what it measures, for someone who did not write it.

import { humanDuration } from '../../base/duration.ts';
import { printExpr } from '../../promql/printer.ts';
import type { TopComparison } from '../../promql/walk.ts';
import type { ObjectiveSpec } from '../model.ts';
import type { FewEvents } from './event-count.ts';
import { largest, smallest } from './extremes.ts';
import type { RunFacts } from './facts.ts';
import { sinceUndo } from './moments.ts';
import type { Noise } from './noise.ts';
import type { TrafficMove } from './offered-traffic.ts';
import { formatQuantity, quantityBeside, unitOf } from './quantity.ts';
import { worstOf } from './readings.ts';
import { lengthMs, type Recovery, type Stretch } from './stretches.ts';

export interface ObjectiveWords {
  /** The left side of the comparison, printed. */
  readonly left: string;
  /** `< 100 MB`. */
  readonly bound: string;
  /** `100 MB`. */
  readonly limit: string;
  quantity(value: number): string;
  range(values: readonly number[]): string;
  length(stretch: Stretch): string;
  held(values: readonly number[]): string;
  broken(breaches: readonly Stretch[]): string;
  recovery(recovery: Recovery, facts: RunFacts): string;
  blips(blips: readonly Stretch[]): string;
  noisy(noise: Noise): string;
  gap(gap: Stretch, injectedAt: number): string;
  fewEvents(few: FewEvents): string;
  trafficMoved(move: TrafficMove): string;
}

export function wordsFor(spec: ObjectiveSpec, comparison: TopComparison): ObjectiveWords {
  const { name, slo } = spec;
  const quantity = quantityBeside(comparison.threshold, slo ? 'ratio' : unitOf(comparison.left));
  const limit =
    comparison.threshold === undefined ? printExpr(comparison.right) : quantity(comparison.threshold);
  const bound = `${comparison.operator} ${limit}`;
  const left = printExpr(comparison.left);
  return {
    left,
    bound,
    limit,
    quantity,
    range: (values) =>
      values.length === 0 ? 'no values' : `${quantity(smallest(values))} to ${quantity(largest(values))}`,
    length: lengthOf,
    held: (values) => `${name} ${heldWords(comparison, limit, values, quantity)}`,
    broken: (breaches) => {
      const worst = worstOf(valuesOf(breaches), comparison);
      const times = breaches.length === 1 ? '' : ` in ${breaches.length} breaches`;
      const total = breaches.reduce((sum, breach) => sum + lengthMs(breach), 0);
      const end = breaches.at(-1)!.open ? ', to the end of the run' : '';
      return `${name} was ${brokenWords(comparison, limit, worst, quantity)}, for ${humanDuration(total)}${times}${end}`;
    },
    recovery: (recovery, facts) => recoveryWords(recovery, facts, spec),
    blips: (blips) => {
      if (blips.length === 0) return '';
      const worst = worstOf(valuesOf(blips), comparison);
      const value = worst === null ? '' : ` (${quantity(worst)})`;
      return `, beside ${blipWords(blips)}${value}, too short to count`;
    },
    noisy: ({ out, total, values }) => {
      const spread =
        values.length === 0 ? '' : `, between ${quantity(smallest(values))} and ${quantity(largest(values))}`;
      return `${name} was out of its bound of ${limit} already before the fault, in ${out} of ${total} readings${spread}, so the fault cannot be told from an ordinary day.`;
    },
    gap: (gap, injectedAt) =>
      `${name} had no data for ${lengthOf(gap)}, from ${humanDuration(Math.max(0, gap.from - injectedAt))} after the injection: ${left} returned nothing, and blind is not healthy.`,
    fewEvents: ({ phase, count, needed }) =>
      `${name} saw ${Math.round(count)} events in the ${phase}, and needs at least ${needed} to say anything.`,
    trafficMoved: ({ before, during }) =>
      `${name} cannot be compared: ${formatQuantity(before)} requests a second came before the fault and ${formatQuantity(during)} during it, which is other traffic, so that the fault alone explains nothing.`,
  };
}

function heldWords(
  { operator, threshold }: TopComparison,
  limit: string,
  values: readonly number[],
  quantity: (value: number) => string,
): string {
  if (values.length === 0 || threshold === undefined) return `held (${operator} ${limit})`;
  if (operator.startsWith('<'))
    return `stayed within its limit of ${limit}: at most ${quantity(largest(values))}`;
  if (operator.startsWith('>'))
    return `kept to its minimum of ${limit}: at least ${quantity(smallest(values))}`;
  return operator === '==' ? `stayed at ${limit}` : `was never ${limit}`;
}

function brokenWords(
  { operator, threshold }: TopComparison,
  limit: string,
  worst: number | null,
  quantity: (value: number) => string,
): string {
  const value = worst === null ? 'out of bounds' : quantity(worst);
  if (threshold === undefined) return `${value}, out of its bound (${operator} ${limit})`;
  if (operator.startsWith('<'))
    return `${value}, ${worst === threshold ? 'at' : 'over'} its limit of ${limit}`;
  if (operator.startsWith('>'))
    return `${value}, ${worst === threshold ? 'at' : 'under'} its minimum of ${limit}`;
  return operator === '==' ? `${value} instead of ${limit}` : `${value}, which it must not be`;
}

function recoveryWords(recovery: Recovery, facts: RunFacts, spec: ObjectiveSpec): string {
  const allowed = humanDuration(spec.recovers.withinMs);
  switch (recovery.kind) {
    case 'in-time':
      return `; it was back ${sinceUndo(recovery.at, facts)}`;
    case 'too-late':
      return `; it was back only ${sinceUndo(recovery.at, facts)}, and was allowed ${allowed}`;
    case 'never':
      return `; it was not back in bounds, and stable for ${humanDuration(spec.recovers.stableMs)}, within ${allowed} of ${facts.undoingAt === null ? 'the fault' : 'the undo'}`;
    case 'unseen':
      return '; after that it had no data, so whether it came back cannot be said';
    case 'cut-short':
      return recovery.at === null
        ? '; the run ended before its time to recover was over'
        : `; it was back, but the run ended ${humanDuration(recovery.missingMs)} before it counts as stable`;
  }
}

function blipWords(blips: readonly Stretch[]): string {
  const longest = humanDuration(largest(blips.map(lengthMs)));
  return blips.length === 1 ? `one blip of ${longest}` : `${blips.length} blips of at most ${longest}`;
}

function lengthOf(stretch: Stretch): string {
  return humanDuration(lengthMs(stretch));
}

function valuesOf(stretches: readonly Stretch[]): number[] {
  return stretches
    .flatMap((stretch) => stretch.readings)
    .flatMap(({ value }) => (value === null ? [] : [value]));
}
