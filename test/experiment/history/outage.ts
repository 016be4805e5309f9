// A service that is scraped every 15 seconds: a baseline, a total outage, and rules for burn rates over it, all on
// virtual time through our own store, history and rule groups.

import { VirtualClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { type Warmed, warm } from '../../../src/experiment/history/warm.ts';
import { WarmedSource } from '../../../src/experiment/history/warmed-source.ts';
import { windowsOf } from '../../../src/experiment/history/windows.ts';
import type { PlannedHistory, PlannedRecording } from '../../../src/experiment/timeline.ts';
import { readRuleFile } from '../../../src/rules/file.ts';
import { GroupEvaluator } from '../../../src/rules/group.ts';
import type { RuleGroup } from '../../../src/rules/model.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';

export const minute = 60_000;
export const day = 24 * 60 * minute;
/** Time zero: the first scrape. */
export const zero = Date.UTC(2026, 0, 5, 9, 0, 0);
const scrapeMs = 15_000;

const tiers = [
  { name: 'Page14', factor: 14.4, long: '1h', short: '5m' },
  { name: 'Page6', factor: 6, long: '6h', short: '30m' },
  { name: 'Ticket3', factor: 3, long: '1d', short: '2h' },
  { name: 'Ticket1', factor: 1, long: '3d', short: '6h' },
] as const;

const raw = (window: string) =>
  `sum(rate(requests_total{code=~"5.."}[${window}])) / sum(rate(requests_total[${window}]))`;
const recorded = (window: string) => `job:errors:ratio_rate${window}`;

/** Burn-rate rules for a target such as 0.99: on the raw counters, or on ratios that recording rules hold. */
export function burnRateRules(target: number, by: 'raw' | 'recorded'): RuleGroup[] {
  const budget = Number((1 - target).toFixed(6));
  const ratio = by === 'raw' ? raw : recorded;
  const windows = [...new Set(tiers.flatMap(({ long, short }) => [long, short]))];
  const recordings = windows.map((window) => ({ record: recorded(window), expr: raw(window) }));
  const alerts = tiers.map(({ name, factor, long, short }) => ({
    alert: name,
    expr: `${ratio(long)} > (${factor} * ${budget}) and ${ratio(short)} > (${factor} * ${budget})`,
  }));
  return groups([
    ...(by === 'recorded' ? [{ name: 'ratios', interval: '1m', rules: recordings }] : []),
    { name: 'burn', interval: '1m', rules: alerts },
  ]);
}

export function groups(content: readonly object[]): RuleGroup[] {
  const file = readRuleFile('/rules.yaml', JSON.stringify({ groups: content }));
  if (!file.ok) throw new Error(file.diagnostics.map(({ message }) => message).join('; '));
  return [...file.value.groups];
}

export function planFor(ruleGroups: readonly RuleGroup[], coveredMs: number): PlannedHistory {
  const alerts = ruleGroups.flatMap(({ rules }) => rules.filter(({ kind }) => kind === 'alerting'));
  const windows = windowsOf(
    alerts.map(({ expr }) => expr),
    recordingsOf(ruleGroups),
    coveredMs,
  );
  return { ...windows, lengthMsMax: null, samplesMax: 20_000_000 };
}

export function recordingsOf(ruleGroups: readonly RuleGroup[]): PlannedRecording[] {
  return ruleGroups.flatMap(({ rules, intervalMs }) =>
    rules
      .filter(({ kind }) => kind === 'recording')
      .map(({ name, exprText: expr, labels }) => ({
        ...{ name, expr, labels },
        evaluationIntervalMs: intervalMs ?? minute,
      })),
  );
}

export interface Story {
  readonly groups: readonly RuleGroup[];
  readonly baselineMs: number;
  readonly outageMs: number;
  /** Requests that fail in the baseline, by scrape counted from 1. */
  readonly strays?: readonly number[];
  readonly warmed: boolean;
  readonly perScrape?: number;
}

export interface Told {
  /** From the injection to the firing in minutes; undefined for alerts that never fired. */
  readonly minutes: Readonly<Record<string, number | undefined>>;
  /** Alerts that were pending or firing when the fault was to be injected. */
  readonly activeBefore: readonly string[];
  readonly recording: SeriesStore;
  readonly warmed: Warmed | undefined;
}

/** Plays a story; with `warmed`, the rules begin when the windows have their history, at the end of the baseline. */
export async function play(story: Story): Promise<Told> {
  const { baselineMs, outageMs, strays = [], perScrape = 300 } = story;
  const clock = new VirtualClock(zero);
  const store = new SeriesStore();
  const injectedAt = zero + baselineMs;
  const evaluators = story.groups.map(
    (group) =>
      new GroupEvaluator(group, {
        ...{ defaultIntervalMs: minute, externalLabels: {}, externalUrl: 'http://localhost/' },
        offset: 'none',
      }),
  );
  const minutes: Record<string, number | undefined> = {};
  const activeBefore: string[] = [];
  let warmed: Warmed | undefined;
  let good = 0;
  let bad = 0;
  for (let scrape = 0; clock.now() <= injectedAt + outageMs; scrape++) {
    const isOut = clock.now() > injectedAt;
    const stray = strays.includes(scrape) ? 1 : 0;
    if (scrape > 0) {
      good += isOut ? 0 : perScrape - stray;
      bad += isOut ? perScrape : stray;
    }
    store.appendBatch({
      source: 'app',
      atMs: clock.now(),
      samples: [sample('200', good), sample('500', bad)],
    });
    if (clock.now() === injectedAt && story.warmed) {
      const plan = planFor(story.groups, baselineMs);
      const features = new Set<never>();
      const steady = { steadyFromMs: zero, steadyToMs: injectedAt, joins: 'first' as const };
      warmed = warm({ plan, live: store, ...steady, seed: 1, features });
    }
    if (clock.now() % minute === 0 && (!story.warmed || clock.now() >= injectedAt)) {
      const source = warmed ? new WarmedSource(warmed.history, store) : store;
      for (const group of evaluators) {
        const { transitions } = group.evaluate(clock.now(), source, (batch) => store.appendBatch(batch));
        for (const { kind, alert, at } of transitions)
          if (kind === 'firing') minutes[alert] ??= (at - injectedAt) / minute;
        if (clock.now() === injectedAt)
          activeBefore.push(...group.activeAlerts().map(({ rule }) => rule.name));
      }
    }
    await clock.advance(scrapeMs);
  }
  return { minutes, activeBefore, recording: store, warmed };
}

function sample(code: string, value: number) {
  return { labels: Labels.from({ __name__: 'requests_total', job: 'app', code }), value };
}
