// Generated rules against a plain count. Random traffic with bursts, ramps, restarts and silence is put as counters before the rules of
// each style, which our engine evaluates minute by minute; beside it arrays of events are added up and held against the definition: an
// alert is true while the share of errors is above factor times budget in the long window and in the short one. Both must agree on every
// minute in which each alert fires.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../../src/base/labels.ts';
import { readRuleFile } from '../../../src/rules/file.ts';
import { GroupEvaluator } from '../../../src/rules/group.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { type AlertWindows, burnRateFactor } from '../../../src/slo/rules/alert-windows.ts';
import { policyRuleFile } from '../../../src/slo/rules/openslo.ts';
import { pyrraRuleFile } from '../../../src/slo/rules/pyrra.ts';
import {
  type PrometheusRule,
  type RuleFileContent,
  ruleFilesYaml,
} from '../../../src/slo/rules/rule-groups.ts';
import { slothRuleFiles } from '../../../src/slo/rules/sloth.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';

const minutesCount = 480;
const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 1);
const budget = 0.05;

interface Story {
  /** Of each minute. */
  readonly totals: readonly number[];
  readonly errors: readonly number[];
  /** Both counters begin anew at 0. */
  readonly restarts: ReadonlySet<number>;
  /** The counter of errors has no series before its first error. */
  readonly isLate: boolean;
}

/** Of errors: none, or shares that lie about where alerts begin. */
const share = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 40 }).map((percent) => percent / 100),
  fc.integer({ min: 40, max: 100 }).map((percent) => percent / 100),
);

const segment = fc.record({
  minutes: fc.integer({ min: 1, max: 60 }),
  total: fc.oneof({ arbitrary: fc.integer({ min: 20, max: 1000 }), weight: 9 }, fc.constant(0)),
  from: share,
  to: share,
});

const story: fc.Arbitrary<Story> = fc
  .record({
    segments: fc.array(segment, { minLength: 12, maxLength: 24, size: 'max' }),
    restarts: fc.uniqueArray(fc.integer({ min: 1, max: minutesCount - 1 }), { maxLength: 4 }),
    isLate: fc.boolean(),
  })
  .map(({ segments, restarts, isLate }) => {
    const totals: number[] = [];
    const errors: number[] = [];
    for (const { minutes, total, from, to } of segments)
      for (let i = 0; i < minutes; i++) {
        totals.push(total);
        errors.push(Math.round(total * (from + ((to - from) * i) / minutes)));
      }
    while (totals.length < minutesCount) {
      totals.push(300);
      errors.push(0);
    }
    return { totals, errors, restarts: new Set(restarts), isLate };
  });

/** A counter as scraped each minute; undefined before it exists. */
function counter(events: readonly number[], { restarts }: Story, isLate: boolean): (number | undefined)[] {
  let value: number | undefined = isLate ? undefined : 1e6;
  return events.slice(0, minutesCount).map((count, minute) => {
    if (restarts.has(minute) && value !== undefined) value = 0;
    if (value !== undefined || count > 0) value = (value ?? 0) + count;
    return value;
  });
}

/** One thing that an alert waits for: that both windows are above the share of errors. */
interface Pair {
  readonly shortMinutes: number;
  readonly longMinutes: number;
  readonly above: number;
}

interface Expected {
  readonly name: string;
  /** Any of them. */
  readonly pairs: readonly Pair[];
  readonly forMinutes: number;
}

type Answer = 'yes' | 'no' | 'maybe';

/** What was counted between the first and the last sample in the last `minutes`. */
interface Counted {
  readonly events: number;
  readonly steps: number;
  readonly first: number;
  /** The counter was younger than its growth in the window: how far it is taken to reach back is no matter of counts. */
  readonly isYoung: boolean;
}

function countedIn(
  values: readonly (number | undefined)[],
  events: readonly number[],
  minute: number,
  minutes: number,
): Counted | undefined {
  let first = Math.max(0, minute - minutes + 1);
  while (first <= minute && values[first] === undefined) first++;
  const steps = minute - first;
  if (steps < 1) return undefined;
  let sum = 0;
  for (let m = first + 1; m <= minute; m++) sum += events[m]!;
  return { events: sum, steps, first, isYoung: values[first]! * steps < sum };
}

const near = 1e-9;

class Simulation {
  readonly #story: Story;
  readonly totals: readonly (number | undefined)[];
  readonly errors: readonly (number | undefined)[];
  readonly #answers = new Map<string, Answer>();

  constructor(told: Story) {
    this.#story = told;
    this.totals = counter(told.totals, told, false);
    this.errors = counter(told.errors, told, told.isLate);
  }

  /** Whether the share of errors over the last `minutes` is above `limit`. */
  #isAbove(limit: number, minute: number, minutes: number): Answer {
    const key = `${limit} ${minute} ${minutes}`;
    const known = this.#answers.get(key);
    if (known) return known;
    const answer = this.#compare(limit, minute, minutes);
    this.#answers.set(key, answer);
    return answer;
  }

  #compare(limit: number, minute: number, minutes: number): Answer {
    const total = countedIn(this.totals, this.#story.totals, minute, minutes);
    const bad = countedIn(this.errors, this.#story.errors, minute, minutes);
    if (!total || !bad || total.events === 0) return 'no';
    const share = bad.events / total.events;
    const isExact = total.first === bad.first && !total.isYoung && !bad.isYoung;
    // A rate may take a counter to have grown for up to a scrape more than was seen.
    const more = ({ steps }: Counted) => (isExact ? 1 : (steps + 1) / steps);
    const least = share / more(total);
    const most = share * more(bad);
    if (least > limit + near) return 'yes';
    return most < limit - near ? 'no' : 'maybe';
  }

  /** Of each minute, whether the alert fires. */
  firing({ pairs, forMinutes }: Expected): Answer[] {
    const answers: Answer[] = [];
    let surely = 0;
    let perhaps = 0;
    for (let minute = 0; minute < minutesCount; minute++) {
      const each = pairs.map(({ shortMinutes, longMinutes, above }) =>
        both(this.#isAbove(above, minute, shortMinutes), this.#isAbove(above, minute, longMinutes)),
      );
      const is = each.includes('yes') ? 'yes' : each.includes('maybe') ? 'maybe' : 'no';
      surely = is === 'yes' ? surely + 1 : 0;
      perhaps = is === 'no' ? 0 : perhaps + 1;
      answers.push(surely > forMinutes ? 'yes' : perhaps > forMinutes ? 'maybe' : 'no');
    }
    return answers;
  }
}

function both(a: Answer, b: Answer): Answer {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'yes' && b === 'yes' ? 'yes' : 'maybe';
}

/** The minutes in which each alert fires, by what `name` makes of its labels. */
function evaluated(
  files: readonly (RuleFileContent | PrometheusRule)[],
  simulation: Simulation,
  name: (labels: Readonly<Record<string, string>>) => string,
): Map<string, Set<number>> {
  const read = readRuleFile('rules.yaml', ruleFilesYaml(files));
  if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
  const store = new SeriesStore();
  const options = {
    defaultIntervalMs: minuteMs,
    externalLabels: {},
    externalUrl: '',
    offset: 'none',
  } as const;
  const groups = read.value.groups.map((group) => new GroupEvaluator(group, options));
  const totalLabels = Labels.from({ __name__: 'calls_total' });
  const errorLabels = Labels.from({ __name__: 'errors_total' });
  const fired = new Map<string, Set<number>>();
  for (let minute = 0; minute < minutesCount; minute++) {
    const atMs = startMs + minute * minuteMs;
    const bad = simulation.errors[minute];
    const samples = [{ labels: totalLabels, value: simulation.totals[minute]! }];
    if (bad !== undefined) samples.push({ labels: errorLabels, value: bad });
    store.appendBatch({ source: 'scrape', atMs, samples });
    for (const group of groups) {
      const { failures } = group.evaluate(atMs, store, (batch) => store.appendBatch(batch));
      expect(failures).toEqual([]);
      for (const { alert } of group.activeAlerts()) {
        if (alert.state !== 'firing') continue;
        const key = name(alert.labels.toRecord());
        fired.set(key, (fired.get(key) ?? new Set()).add(minute));
      }
    }
  }
  return fired;
}

/** How many minutes fired beyond doubt, and how many were left open. */
const seen = { yes: 0, no: 0, maybe: 0 };

function compare(
  expected: readonly Expected[],
  fired: ReadonlyMap<string, ReadonlySet<number>>,
  simulation: Simulation,
): void {
  expect([...fired.keys()].filter((name) => !expected.some((each) => each.name === name))).toEqual([]);
  for (const alert of expected) {
    const predicted = simulation.firing(alert);
    const wrong = predicted.flatMap((answer, minute) => {
      seen[answer]++;
      const isFiring = fired.get(alert.name)?.has(minute) ?? false;
      return answer === 'maybe' || isFiring === (answer === 'yes') ? [] : [{ minute, answer, isFiring }];
    });
    expect({ alert: alert.name, wrong }).toEqual({ alert: alert.name, wrong: [] });
  }
}

const hourMs = 60 * minuteMs;

/** Of a day, so that hours are enough to see all of them. */
const windows: AlertWindows = {
  periodMs: 24 * hourMs,
  page: {
    quick: { budgetPercent: 15, shortMs: 5 * minuteMs, longMs: 30 * minuteMs },
    slow: { budgetPercent: 20, shortMs: 15 * minuteMs, longMs: 2 * hourMs },
  },
  ticket: {
    quick: { budgetPercent: 30, shortMs: 30 * minuteMs, longMs: 4 * hourMs },
    slow: { budgetPercent: 25, shortMs: hourMs, longMs: 6 * hourMs },
  },
};

const objectivesOf = (text: string) =>
  readObjectives([{ file: 'slo.yaml', text }], { features: new Set() }).objectives;

const slothObjectives = objectivesOf(`version: prometheus/v1
service: shop
slos:
  - name: calls
    objective: 95
    sli: { events: { error_query: 'sum(rate(errors_total[{{.window}}]))', total_query: 'sum(rate(calls_total[{{.window}}]))' } }
    alerting: { name: Burn }
`).filter((objective) => objective.kind === 'simple');

const slothExpected: readonly Expected[] = (['page', 'ticket'] as const).map((severity) => ({
  name: severity,
  forMinutes: 0,
  pairs: (['quick', 'slow'] as const).map((speed) => {
    const window = windows[severity][speed];
    return {
      shortMinutes: window.shortMs / minuteMs,
      longMinutes: window.longMs / minuteMs,
      above: burnRateFactor(window, windows.periodMs) * budget,
    };
  }),
}));

const pyrraObjectives = objectivesOf(`apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: calls, namespace: shop }
spec:
  target: "95"
  window: 4w
  indicator: { ratio: { errors: { metric: errors_total }, total: { metric: calls_total } } }
`);

/** The table of 28 days; windows longer than the story are all of it. */
const pyrraExpected: readonly Expected[] = [
  [5, 60, 14, 2],
  [30, 360, 7, 15],
  [120, 1440, 2, 60],
  [360, 5760, 1, 180],
].map(([shortMinutes, longMinutes, factor, forMinutes]) => ({
  name: `${shortMinutes}`,
  forMinutes: forMinutes!,
  pairs: [{ shortMinutes: shortMinutes!, longMinutes: longMinutes!, above: factor! * budget }],
}));

const policies = [
  { name: 'fast', op: 'gt', threshold: 10, minutes: 10, after: 0 },
  { name: 'steady', op: 'gte', threshold: 3, minutes: 60, after: 5 },
  { name: 'slow', op: 'gt', threshold: 1, minutes: 240, after: 15 },
] as const;

const openSloObjectives = objectivesOf(`apiVersion: openslo/v1
kind: SLO
metadata: { name: calls }
spec:
  service: shop
  indicator:
    metadata: { name: ok }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: errors_total } } }
        total: { metricSource: { type: Prometheus, spec: { query: calls_total } } }
  timeWindow: [{ duration: 1d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: Good, target: 0.95 }]
  alertPolicies:
${policies
  .map(
    ({ name, op, threshold, minutes, after }) => `    - kind: AlertPolicy
      metadata: { name: ${name} }
      spec:
        alertWhenBreaching: true
        conditions: [{ kind: AlertCondition, metadata: { name: ${name} }, spec: { severity: page, condition: { kind: burnrate, op: ${op}, threshold: ${threshold}, lookbackWindow: ${minutes}m, alertAfter: ${after}m } } }]
        notificationTargets: [{ kind: AlertNotificationTarget, metadata: { name: chat }, spec: { target: slack } }]
`,
  )
  .join('')}`);

const openSloExpected: readonly Expected[] = policies.map(({ name, threshold, minutes, after }) => ({
  name,
  forMinutes: after,
  pairs: [{ shortMinutes: minutes, longMinutes: minutes, above: threshold * budget }],
}));

it('rules of each style fire in the minutes that a plain count says', () => {
  fc.assert(
    fc.property(fc.noBias(story), (told) => {
      const simulation = new Simulation(told);
      const sloth = slothRuleFiles(slothObjectives, { windows, labels: {}, version: 'x', optimised: true });
      compare(
        slothExpected,
        evaluated(sloth, simulation, (labels) => labels.sloth_severity!),
        simulation,
      );
      const pyrra = pyrraRuleFile(pyrraObjectives, { labels: {}, generic: false, exactLe: true });
      const names: Readonly<Record<string, string>> = { '5m': '5', '30m': '30', '2h': '120', '6h': '360' };
      const pyrraFired = evaluated(pyrra.files, simulation, ({ short }) => names[short ?? ''] ?? 'absent');
      // The alert for a counter of errors that is not there yet is none about the budget.
      pyrraFired.delete('absent');
      compare(pyrraExpected, pyrraFired, simulation);
      const openSlo = [policyRuleFile(openSloObjectives, { labels: {} })];
      compare(
        openSloExpected,
        evaluated(openSlo, simulation, (labels) => labels.alert_policy!),
        simulation,
      );
    }),
    // Each run takes half a second: what fails is told as it is, without a search for a smaller one.
    { numRuns: 8, endOnFailure: true },
  );
  // Without these it would prove little.
  expect(seen.yes).toBeGreaterThan(2000);
  expect(seen.no).toBeGreaterThan(2000);
  expect(seen.maybe).toBeLessThan((seen.yes + seen.no) / 20);
}, 60_000);
