// Counts of an SLI, asked of a source. Each stretch of time is one step of a range query whose windows adjoin each other, so that
// every sample is read once; what is longer is added up from them.

import type { Labels } from '../../base/labels.ts';
import type { QueriedSeries, Querier } from '../../promql/querier.ts';
import type { Budgeting, Sli } from '../objective.ts';
import { type SliCounts, sliCountsOver } from '../sli-over.ts';
import type { Tallies } from './tallies.ts';

/** Stretches of `stepMs` each, by their ends. */
export interface Stretches {
  readonly firstEndMs: number;
  readonly lastEndMs: number;
  readonly stepMs: number;
  /** How much is asked for at once; all of it, or as much as a source answers, when absent. */
  readonly pageMs?: number | undefined;
}

/** One for each value of the SLI's grouping; without a grouping there is one. */
interface GroupTallies {
  readonly labels: Labels;
  readonly tallies: Tallies;
}

/** Groups, or why there is nothing to count. */
export type ReadTallies =
  | { readonly groups: readonly GroupTallies[]; readonly problem?: undefined }
  | { readonly problem: string };

/** Prometheus refuses range queries of more than 11,000 points. */
const pageStepsMax = 10_000;

/** Counts of events, or of time slices when the budgeting method has them: then `stretches` are slices. */
export async function readTallies(
  querier: Querier,
  { sli, budgeting }: { readonly sli: Sli; readonly budgeting: Budgeting },
  stretches: Stretches,
): Promise<ReadTallies> {
  const counts = sliCountsOver(sli, stretches.stepMs);
  const part: Found = new Map();
  const total: Found | undefined = counts.total === undefined ? undefined : new Map();
  for (const page of pagesOf(stretches)) {
    // One after the other: what the second reads was mostly read by the first, and is still at hand.
    if (total) await readPage(querier, counts.total!, page, total);
    await readPage(querier, counts.part, page, part);
  }
  const grouping = sli.type === 'ratio' ? sli.grouping : [];
  const whole = total ?? part;
  if (grouping.length === 0) {
    const most = Math.max(whole.size, part.size);
    if (most > 1) return { problem: `${most} series where one is needed` };
    const [only] = whole.values();
    if (!only) return { problem: 'no series' };
    const [side] = part.values();
    return { groups: [{ labels: only.labels, tallies: counted(only, side, counts, budgeting) }] };
  }
  if (whole.size === 0) return { problem: 'no series' };
  return {
    groups: [...whole].map(([key, one]) => ({
      labels: one.labels,
      tallies: counted(one, part.get(key), counts, budgeting),
    })),
  };
}

interface Points {
  readonly labels: Labels;
  readonly times: number[];
  readonly values: number[];
}

/** By the key of their labels. */
type Found = Map<string, Points>;

function* pagesOf({ firstEndMs, lastEndMs, stepMs, pageMs }: Stretches): Generator<Stretches> {
  const steps = Math.min(
    pageStepsMax,
    Math.max(1, Math.floor((pageMs ?? Number.POSITIVE_INFINITY) / stepMs)),
  );
  for (let fromMs = firstEndMs; fromMs <= lastEndMs; fromMs += steps * stepMs)
    yield { firstEndMs: fromMs, lastEndMs: Math.min(lastEndMs, fromMs + (steps - 1) * stepMs), stepMs };
}

async function readPage(
  querier: Querier,
  query: string,
  { firstEndMs, lastEndMs, stepMs }: Stretches,
  found: Found,
): Promise<void> {
  for (const series of await querier.range(query, firstEndMs, lastEndMs, stepMs)) take(series, found);
}

function take({ labels, times, values }: QueriedSeries, found: Found): void {
  let points = found.get(labels.key);
  if (!points) {
    points = { labels, times: [], values: [] };
    found.set(labels.key, points);
  }
  for (let i = 0; i < times.length; i++) {
    points.times.push(times[i]!);
    points.values.push(values[i]!);
  }
}

/** NaN on either side is no data. A side without a point counts as zero: exporters create a series with its first event. */
function counted(
  whole: Points,
  part: Points | undefined,
  { side, total, factor }: SliCounts,
  budgeting: Budgeting,
): Tallies {
  const tallies: { ends: number[]; bad: number[]; total: number[] } = { ends: [], bad: [], total: [] };
  let next = 0;
  for (const [i, atMs] of whole.times.entries()) {
    while (part && next < part.times.length && part.times[next]! < atMs) next++;
    const sideValue = part && part.times[next] === atMs ? part.values[next]! : 0;
    const totalValue = total === undefined ? 1 : whole.values[i]!;
    const bad = side === 'bad' ? sideValue : totalValue - sideValue;
    if (Number.isNaN(bad) || Number.isNaN(totalValue)) continue;
    const sli = side === 'bad' ? 1 - sideValue / totalValue : sideValue / totalValue;
    const tally = tallied(bad * factor, totalValue * factor, sli, budgeting);
    tallies.ends.push(atMs);
    tallies.bad.push(tally.bad);
    tallies.total.push(tally.total);
  }
  return tallies;
}

/** Of a quotient of rates: a slice that is exactly at its target is good. */
const rounding = 1e-12;

/** A slice without traffic has no ratio, and counts neither as good nor as bad. */
function tallied(bad: number, total: number, sli: number, budgeting: Budgeting) {
  if (budgeting.method === 'Occurrences') return { bad, total };
  if (!(total > 0)) return { bad: 0, total: 0 };
  if (budgeting.method === 'RatioTimeslices') return { bad: 1 - sli, total: 1 };
  return { bad: sli + rounding >= budgeting.sliceTarget ? 0 : 1, total: 1 };
}
