// An objective's budget at a time, from whoever answers PromQL.

import { formatDuration } from '../../base/duration.ts';
import type { Querier } from '../../promql/querier.ts';
import { type WindowBounds, windowAt } from '../calendar.ts';
import type { Objective } from '../objective.ts';
import { type AccountTallies, accountsOf, clashOf, partsOf, type WeightedPart } from './accounts.ts';
import type { Budget, BudgetPart, BurnRate, DataExtent, Exhaustion } from './budget.ts';
import { exhaustedIn } from './exhaustion.ts';
import { badLeft, budgetCurve, burnRate, burnRateOf, errorShare } from './maths.ts';
import { burnWindowsMs, type PartTallies, readPart } from './source-tallies.ts';
import { talliesAfter, tallyIn, widened } from './tallies.ts';

export interface BudgetOptions {
  /** Unix milliseconds; the budget is that of the window that ends, or is open, at this time. */
  readonly atMs: number;
  /** Distance of the points of the curve. Time slices that are longer take its place. */
  readonly curveStepMs: number;
  /**
   * How much is asked for at once. A store in memory decodes little at a time then, and what two queries read is decoded once; a
   * remote wants few requests, and answers all of it.
   */
  readonly pageMs?: number | undefined;
}

/** One, or one for each group of an SLI that is grouped by labels. */
export async function readBudgets(
  objective: Objective,
  querier: Querier,
  { atMs, curveStepMs, pageMs }: BudgetOptions,
): Promise<Budget[]> {
  const bounds = windowAt(objective.window, atMs);
  const parts = partsOf(objective);
  const stepMs = Math.max(curveStepMs, ...parts.map(({ budgeting }) => sliceOf(budgeting)));
  const scene: Scene = {
    objective,
    parts,
    bounds: bounds ?? { fromMs: atMs, toMs: atMs },
    atMs,
    stepMs,
  };
  if (!bounds) return [withoutData(scene, 'its first window has not begun')];
  const clash = clashOf(parts);
  if (clash !== undefined) return [withoutData(scene, clash)];
  const asked = { bounds, atMs, stepMs, nominalMs: objective.window.durationMs, pageMs };
  const counted: (readonly PartTallies[])[] = [];
  for (const part of parts) {
    const read = await readPart(querier, part, asked);
    if (read.problem !== undefined) {
      const which = parts.length > 1 ? `${part.displayName ?? `part ${counted.length}`}: ` : '';
      return [withoutData(scene, `${which}${read.problem}`)];
    }
    counted.push(read.groups);
  }
  if (objective.kind === 'simple') return counted[0]!.map((group) => budgetOf(scene, [group]));
  // Parts of a composite have no grouping, and so one group each.
  return [
    budgetOf(
      scene,
      counted.map(([only]) => only!),
    ),
  ];
}

interface Scene {
  readonly objective: Objective;
  readonly parts: readonly WeightedPart[];
  readonly bounds: WindowBounds;
  readonly atMs: number;
  readonly stepMs: number;
}

function sliceOf(budgeting: WeightedPart['budgeting']): number {
  return budgeting.method === 'Occurrences' ? 0 : budgeting.sliceMs;
}

function withoutData(scene: Scene, problem: string): Budget {
  const { objective, parts, bounds, atMs } = scene;
  return {
    id: objective.id,
    displayName: objective.displayName ?? null,
    service: objective.service,
    labels: {},
    target: parts.map(({ target }) => `${target.percent} %`).join(', '),
    method: parts[0]!.budgeting.method,
    window: { type: objective.window.type, text: objective.window.text, ...bounds },
    status: 'no-data',
    problem,
    atMs,
    data: { knownMs: 0, windowMs: atMs - bounds.fromMs, isPartial: true },
    sli: null,
    left: null,
    counts: null,
    burnRates: [],
    exhaustion: null,
    curve: [],
    parts: [],
  };
}

function budgetOf(scene: Scene, counted: readonly PartTallies[]): Budget {
  const { objective, parts, bounds, atMs, stepMs } = scene;
  const accounts = accountsOf(parts, counted);
  const tallies = accounts.map((account) => talliesAfter(account.tallies, bounds.fromMs));
  const whole = tallies.map((one) => tallyIn(one, bounds.fromMs, atMs));
  const spent = burnRateOf(accounts, whole);
  const { labels } = counted[0]!;
  const data = extentOf(scene, counted);
  if (spent === undefined) return { ...withoutData(scene, 'no traffic in the window'), labels, data };
  const wide = tallies.map((one) => widened(one, stepMs, atMs));
  const burnRates = burnRatesOf(scene, accounts, counted, spent, data);
  const isLone = accounts.length === 1;
  return {
    ...withoutData(scene, ''),
    labels,
    status: spent < 1 ? 'left' : 'exhausted',
    problem: null,
    data,
    sli: isLone ? 1 - errorShare(whole[0]!)! : null,
    left: 1 - spent,
    counts: isLone
      ? {
          unit: parts[0]!.budgeting.method === 'Occurrences' ? 'events' : 'slices',
          ...whole[0]!,
          badLeft: badLeft(accounts[0]!, whole[0]!),
        }
      : null,
    burnRates,
    exhaustion: exhaustionOf(scene, accounts, wide, counted),
    curve: budgetCurve(accounts, wide, curveTimes(scene)),
    parts: objective.kind === 'simple' ? [] : compositeParts(scene, accounts, counted),
  };
}

/** Less than this share of the window is told. */
const wholeShare = 0.99;

/** Of several parts, that of which least is known. */
function extentOf({ bounds, atMs }: Scene, counted: readonly PartTallies[]): DataExtent {
  const windowMs = atMs - bounds.fromMs;
  const knownMs = Math.min(windowMs, ...counted.map((one) => one.knownMs));
  return { knownMs, windowMs, isPartial: knownMs < wholeShare * windowMs };
}

function burnRatesOf(
  { objective, parts, bounds, atMs }: Scene,
  accounts: readonly AccountTallies[],
  counted: readonly PartTallies[],
  spent: number,
  data: DataExtent,
): BurnRate[] {
  const sliceMs = Math.max(...parts.map(({ budgeting }) => sliceOf(budgeting)));
  const dataFromMs = Math.max(...counted.map((one) => one.dataFromMs));
  const rates = burnWindowsMs(objective.window.durationMs).map((windowMs): BurnRate => {
    const rate = windowMs < sliceMs ? undefined : rateOver(accounts, windowMs, atMs);
    const reachMs = Math.min(windowMs, atMs - bounds.fromMs);
    const isPartial = dataFromMs > bounds.fromMs && atMs - dataFromMs < wholeShare * reachMs;
    return { over: formatDuration(windowMs), windowMs, rate: rate ?? null, isPartial };
  });
  return [...rates, { over: 'window', windowMs: data.windowMs, rate: spent, isPartial: data.isPartial }];
}

function tallyOver({ tallies, short }: AccountTallies, windowMs: number, atMs: number) {
  return short.get(windowMs) ?? tallyIn(tallies, atMs - windowMs, atMs);
}

function rateOver(accounts: readonly AccountTallies[], windowMs: number, atMs: number): number | undefined {
  return burnRateOf(
    accounts,
    accounts.map((account) => tallyOver(account, windowMs, atMs)),
  );
}

/** What the last hour burned is taken to go on: shorter windows jump, longer ones still speak of what is over. */
const outlookMs = 3_600_000;

function exhaustionOf(
  { objective, parts, bounds, atMs, stepMs }: Scene,
  accounts: readonly AccountTallies[],
  tallies: readonly AccountTallies['tallies'][],
  counted: readonly PartTallies[],
): Exhaustion | null {
  const leastMs = Math.max(outlookMs, ...parts.map(({ budgeting }) => sliceOf(budgeting)));
  const overMs = burnWindowsMs(objective.window.durationMs).find((windowMs) => windowMs >= leastMs);
  if (overMs === undefined || rateOver(accounts, overMs, atMs) === undefined) return null;
  const dataFromMs = Math.max(...counted.map((one) => one.dataFromMs));
  const knownMs = Math.max(1, Math.min(overMs, dataFromMs > bounds.fromMs ? atMs - dataFromMs : overMs));
  const perStep = accounts.map((account) => {
    const { bad, total } = tallyOver(account, overMs, atMs);
    return { bad: (bad / knownMs) * stepMs, total: (total / knownMs) * stepMs };
  });
  const window = { ...bounds, isRolling: objective.window.type === 'rolling' };
  const inMs = exhaustedIn({ accounts, tallies, perStep, stepMs, atMs, window });
  return { over: formatDuration(overMs), inMs: inMs === undefined ? null : Math.round(inMs) };
}

/** From the window's begin to now. */
function curveTimes({ bounds, atMs, stepMs }: Scene): number[] {
  const steps = Math.ceil((atMs - bounds.fromMs) / stepMs);
  return [bounds.fromMs, ...Array.from({ length: steps }, (_, i) => atMs - (steps - 1 - i) * stepMs)];
}

function compositeParts(
  { parts, bounds, atMs }: Scene,
  accounts: readonly AccountTallies[],
  counted: readonly PartTallies[],
): BudgetPart[] {
  return parts.map(({ displayName, target, weight }, i) => {
    const share = errorShare(tallyIn(counted[i]!.tallies, bounds.fromMs, atMs)) ?? 0;
    return {
      displayName: displayName ?? null,
      target: `${target.percent} %`,
      weight,
      sli: 1 - share,
      spent: accounts.length > 1 ? burnRate(accounts[i]!, share) : null,
    };
  });
}
