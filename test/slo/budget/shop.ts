// A shop whose requests are known one by one, scraped into a real store.

import { Labels } from '../../../src/base/labels.ts';
import { storeQuerier } from '../../../src/promql/querier.ts';
import { type BudgetOptions, readBudgets } from '../../../src/slo/budget/read-budget.ts';
import type { Budgeting, Objective, Query, RatioSli, Sli } from '../../../src/slo/objective.ts';
import { targetOf } from '../../../src/slo/target.ts';
import type { TimeWindow } from '../../../src/slo/time-window.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';

export const scrapeMs = 60_000;
export const hourMs = 3_600_000;
/** A whole hour. */
export const beginMs = 1_763_596_800_000;

/** What was answered between two scrapes. */
export interface Minute {
  readonly good: number;
  readonly bad: number;
}

/** Counters that already stand high; with `bornLate` that of errors exists from its first error on. */
export function shopStore(minutes: readonly Minute[], bornLate = false): SeriesStore {
  const store = new SeriesStore();
  const labels = (code: string) => Labels.from({ __name__: 'hits_total', code });
  const value = { good: 1_000_000, bad: bornLate ? 0 : 1_000_000 };
  for (let i = 0; i <= minutes.length; i++) {
    value.good += minutes[i - 1]?.good ?? 0;
    value.bad += minutes[i - 1]?.bad ?? 0;
    const samples = [{ labels: labels('200'), value: value.good }];
    if (!bornLate || value.bad > 0) samples.push({ labels: labels('500'), value: value.bad });
    store.appendBatch({ source: 'shop', atMs: beginMs + i * scrapeMs, samples });
  }
  return store;
}

export function query(promql: string, form: Query['form'] = 'counter'): Query {
  return { promql, form, source: undefined, place: { file: 'a.yaml', line: 1, column: 1 } };
}

export const badOfHits: RatioSli = {
  type: 'ratio',
  bad: query('hits_total{code="500"}'),
  total: query('hits_total'),
  grouping: [],
};

export interface Promised {
  readonly sli?: Sli;
  readonly target?: string;
  readonly budgeting?: Budgeting;
  readonly window?: TimeWindow;
}

export function rolling(durationMs: number): TimeWindow {
  return { type: 'rolling', durationMs, text: `${durationMs / hourMs}h` };
}

const common = {
  id: 'shop',
  name: 'shop',
  index: 0,
  displayName: undefined,
  description: undefined,
  service: 'shop',
  labels: {},
  annotations: {},
  alertPolicies: [],
  origin: { format: 'openslo/v1', file: 'a.yaml', place: { file: 'a.yaml', line: 1, column: 1 } },
} as const;

export function objective(promise: Promised = {}): Objective {
  return {
    kind: 'simple',
    ...common,
    sli: promise.sli ?? badOfHits,
    target: targetOf(promise.target ?? '0.9', 'ratio')!,
    budgeting: promise.budgeting ?? { method: 'Occurrences' },
    window: promise.window ?? rolling(6 * hourMs),
  };
}

export function composite(parts: readonly (Promised & { readonly weight?: number })[]): Objective {
  return {
    kind: 'composite',
    ...common,
    window: rolling(6 * hourMs),
    parts: parts.map((part, i) => {
      const { sli, target, budgeting } = objective(part) as Extract<Objective, { kind: 'simple' }>;
      return { sli, target, budgeting, weight: part.weight ?? 1, displayName: `part-${i}` };
    }),
  };
}

/** The only budget, at the end of what the store holds unless said otherwise. */
export async function budgetOf(store: SeriesStore, of: Objective, options: Partial<BudgetOptions> = {}) {
  const atMs = beginMs + 6 * hourMs;
  const budgets = await readBudgets(of, storeQuerier(store), { atMs, curveStepMs: hourMs, ...options });
  if (budgets.length !== 1) throw new Error(`${budgets.length} budgets`);
  return budgets[0]!;
}
