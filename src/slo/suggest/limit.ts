// The SLI of a candidate, with the limit that the baseline suggests where it needs one.

import type { Querier } from '../../promql/querier.ts';
import type { Query, QueryForm, Sli } from '../objective.ts';
import type { Candidate } from './candidate.ts';
import { type Choice, chooseBound, chooseLatency, chooseLevel, chooseUse, percent } from './choose.ts';
import type { Baseline } from './curve.ts';
import { equals, selector } from './metrics.ts';

export interface Limited {
  readonly sli: Sli;
  readonly about: string;
  /** Of an SLI that is a ratio already: how many events stand behind it, by the interval of its samples. */
  readonly eventsPerSecond?: (intervalMs: number) => string;
}

type Of<K extends Candidate['kind']> = Extract<Candidate, { kind: K }>;

export async function withLimit(
  candidate: Candidate,
  intervalMs: number,
  baseline: Baseline,
): Promise<Choice<Limited>> {
  const { about } = candidate;
  switch (candidate.kind) {
    case 'ratio':
      return { value: { about, sli: ratioOf(candidate) }, why: '' };
    case 'state':
      return { value: { about, sli: threshold(candidate.query, 'gte', 1) }, why: '' };
    case 'use':
      return await useLimit(candidate, intervalMs, baseline);
    case 'level':
      return await levelLimit(candidate, intervalMs, baseline);
    case 'buckets':
      return await bucketLimit(candidate, baseline);
    case 'native-histogram':
      return await nativeLimit(candidate, baseline);
  }
}

function ratioOf(candidate: Of<'ratio'>): Sli {
  const total = queryOf(candidate.total, 'counter');
  const side =
    candidate.good === undefined
      ? { bad: queryOf(candidate.bad, 'counter') }
      : { good: queryOf(candidate.good, 'counter') };
  return { type: 'ratio', total, grouping: [], ...side };
}

function threshold(query: string, op: 'lte' | 'gte', value: number): Sli {
  return { type: 'threshold', op, value, query: queryOf(query, 'value') };
}

async function useLimit(
  { query, about }: Of<'use'>,
  intervalMs: number,
  baseline: Baseline,
): Promise<Choice<Limited>> {
  const most = await highest(query, intervalMs, baseline);
  if (most === undefined) return { why: 'its capacity is not known, or without a bound' };
  const { value, why } = chooseUse(most);
  if (value === undefined) return { why };
  return { value: { about: about.replace('%', percent(value)), sli: threshold(query, 'lte', value) }, why };
}

async function levelLimit(
  { query, about, unit }: Of<'level'>,
  intervalMs: number,
  baseline: Baseline,
): Promise<Choice<Limited>> {
  const most = await highest(query, intervalMs, baseline);
  if (most === undefined) return { why: 'no samples to speak of in the baseline' };
  const { value, why } = chooseLevel(most, unit === '');
  if (value === undefined) return { why };
  const shown = unit === '' ? String(value) : `${value} ${unit}`;
  return { value: { about: about.replace('%', shown), sli: threshold(query, 'lte', value) }, why };
}

async function bucketLimit(
  { metric, job, bounds, about }: Of<'buckets'>,
  { querier, fromMs, toMs }: Baseline,
): Promise<Choice<Limited>> {
  const over = `${toMs - fromMs}ms`;
  const bucket = `${metric}_bucket`;
  const count = selector(`${metric}_count`, job);
  const counts = await querier.instant(`sum by (le) (rate(${selector(bucket, job)}[${over}]))`, toMs);
  const all = await numberOf(querier, `sum(rate(${count}[${over}]))`, toMs);
  if (!all) return { why: 'no traffic in the baseline' };
  const countOf = (text: string) => counts.find(({ labels }) => labels.get('le') === text)?.value ?? 0;
  const { value, why } = chooseBound(
    bounds.map((text) => ({ text, count: countOf(text) })),
    all,
  );
  if (value === undefined) return { why };
  const sli: Sli = {
    type: 'ratio',
    good: queryOf(`sum(${selector(bucket, job, equals({ le: value }))})`, 'counter'),
    total: queryOf(`sum(${count})`, 'counter'),
    grouping: [],
  };
  return { value: { about: about.replace('%', `${value}${unitOf(metric)}`), sli }, why };
}

async function nativeLimit(
  { selector: histogram, metrics, about }: Of<'native-histogram'>,
  { querier, fromMs, toMs }: Baseline,
): Promise<Choice<Limited>> {
  const rate = (window: string) => `sum(rate(${histogram}[${window}]))`;
  const over = rate(`${toMs - fromMs}ms`);
  const all = await numberOf(querier, `histogram_count(${over})`, toMs);
  if (!all) return { why: 'no traffic in the baseline' };
  const percentile = await numberOf(querier, `histogram_quantile(0.99, ${over})`, toMs);
  const { value, why } = chooseLatency(percentile ?? Number.NaN);
  if (value === undefined) return { why };
  const query = queryOf(`histogram_fraction(0, ${value}, ${rate('{{.window}}')})`, 'placeholder');
  return {
    value: {
      about: about.replace('%', `${value}${unitOf(metrics[0]!)}`),
      sli: { type: 'raw', rawType: 'success', query },
      eventsPerSecond: (ms) => `histogram_count(${rate(`${Math.round(3 * ms)}ms`)})`,
    },
    why,
  };
}

async function highest(
  query: string,
  intervalMs: number,
  { querier, fromMs, toMs }: Baseline,
): Promise<number | undefined> {
  const samples = `(${query})[${toMs - fromMs}ms:${Math.max(1, Math.round(intervalMs))}ms]`;
  return await numberOf(querier, `max(max_over_time(${samples}))`, toMs);
}

async function numberOf(querier: Querier, query: string, atMs: number): Promise<number | undefined> {
  const [only] = await querier.instant(query, atMs);
  return only === undefined || Number.isNaN(only.value) ? undefined : only.value;
}

function unitOf(metric: string): string {
  if (/milliseconds|_ms$/.test(metric)) return ' ms';
  return /seconds/.test(metric) ? ' s' : '';
}

function queryOf(promql: string, form: QueryForm): Query {
  return { promql, form, source: undefined, place: { file: 'suggestion', line: 1, column: 1 } };
}
