// A row of the truth table as the judge sees it: its experiment, its timeline and its recording. Rows are written in
// the formats that people know (the experiment file, Prometheus rules, a routing tree, promtool's series notation),
// so that the same rows can also be driven through the whole chain; only `happens` is for the judge alone: what the
// chain would have done.

import { stringify } from 'yaml';
import { z } from 'zod';
import { parseDuration } from '../../../../src/base/duration.ts';
import { type LabelRecord, Labels } from '../../../../src/base/labels.ts';
import { alertSchema, resolveAlert } from '../../../../src/experiment/file/alerts.ts';
import { objectiveSchema, resolveObjective } from '../../../../src/experiment/file/objectives.ts';
import { collateralSchema, resolveCollateral } from '../../../../src/experiment/file/safety.ts';
import type { Experiment } from '../../../../src/experiment/model.ts';
import { planAlerts, type Routing } from '../../../../src/experiment/plan/alerts.ts';
import { rulesOfGroups } from '../../../../src/experiment/plan/known-rule.ts';
import type { JudgedPlan, TimelineEvent } from '../../../../src/experiment/timeline.ts';
import { parseExpr } from '../../../../src/promql/parser.ts';
import { readRuleFile } from '../../../../src/rules/file.ts';
import { SeriesStore } from '../../../../src/telemetry/metrics/store.ts';

/** Time zero of every row: the start of the run and of the baseline. */
export const zero = Date.UTC(2026, 0, 5, 9, 0, 0);

const labels = z.record(z.string(), z.string());

const happening = z.strictObject({
  at: z.string(),
  pending: z.string().optional(),
  firing: z.string().optional(),
  resolved: z.string().optional(),
  dropped: z.string().optional(),
  told: z.string().optional(),
  failed: z.string().optional(),
  inhibited: z.string().optional(),
  silenced: z.string().optional(),
  muted: z.string().optional(),
  /** Any other event, with its body. */
  event: z.string().optional(),
  body: z.record(z.string(), z.unknown()).optional(),
  of: z.string().optional(),
  by: z.string().optional(),
  receiver: z.string().optional(),
  status: z.enum(['firing', 'resolved']).optional(),
  reason: z.string().optional(),
  labels: labels.optional(),
});

const route = z.strictObject({
  receiver: z.string(),
  path: z.array(z.string()).optional(),
  group_wait: z.string().optional(),
  group_interval: z.string().optional(),
  matches: labels.optional(),
});

export const rowFields = {
  /** Sections of an experiment file. */
  experiment: z.strictObject({
    objectives: z.array(z.record(z.string(), z.unknown())).optional(),
    alerts: z.array(z.record(z.string(), z.unknown())).optional(),
    collateral: z.record(z.string(), z.unknown()).optional(),
    effect: z.strictObject({ min: z.number().optional(), promql: z.string().optional() }).optional(),
  }),
  scrape: z.string().optional(),
  evaluation: z.string().optional(),
  /** Rules of one Prometheus group. */
  rules: z.array(z.record(z.string(), z.unknown())).optional(),
  /** The first whose labels match is taken, as in a flat routing tree. */
  routes: z.array(route).optional(),
  /** Series in promtool's notation, one value a scrape from time zero. */
  series: z.record(z.string(), z.string()).optional(),
  phases: z.strictObject({ baseline: z.string(), fault: z.string(), recovery: z.string() }).optional(),
  source: z.enum(['embedded', 'remote']).optional(),
  oneShot: z.boolean().optional(),
  /** Null: the driver cannot count. */
  hits: z.number().nullable().optional(),
  /** Reasons why the gate stayed shut; the fault is then not injected. */
  unsteady: z.array(z.string()).optional(),
  /** When the fault is undone early, and the run stopped. */
  stopped: z.strictObject({ at: z.string(), by: z.string(), reason: z.string() }).optional(),
  /** When everything ends: nothing later is on the timeline or in the recording. */
  killed: z.string().optional(),
  happens: z.array(happening).optional(),
};

export type RowStory = z.output<z.ZodObject<typeof rowFields>>;
type Happening = z.output<typeof happening>;

export interface Scenario {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEvent[];
  readonly recording: SeriesStore;
}

export function scenarioOf(story: RowStory): Scenario {
  const experiment = experimentOf(story);
  const plan = planOf(story, experiment);
  return {
    experiment,
    timeline: timelineOf(story, plan),
    recording: recordingOf(story, plan.scrapeIntervalMs),
  };
}

export function ms(text: string): number {
  const value = parseDuration(text);
  if (value === undefined) throw new Error(`no duration: ${text}`);
  return value;
}

const phasesDefault = { baseline: '20s', fault: '30s', recovery: '40s' };

function phasesOf(story: RowStory): JudgedPlan['phases'] {
  const { baseline, fault, recovery } = story.phases ?? phasesDefault;
  return { baselineMs: ms(baseline), faultMs: ms(fault), recoveryMs: ms(recovery) };
}

function experimentOf(story: RowStory): Experiment {
  const fields = story.experiment;
  const objectives = (fields.objectives ?? []).map((each) => resolveObjective(objectiveSchema.parse(each)));
  const names = objectives.map((objective) => objective.name);
  return {
    name: 'row',
    title: 'A row of the truth table',
    file: '/row.yaml',
    folder: '/',
    targets: [
      {
        name: 'app',
        namespace: 'default',
        labels: { job: 'app' },
        kind: { type: 'port', port: 1, only: false },
      },
    ],
    traffic: [],
    telemetry: {
      scrape: [],
      prometheus: undefined,
      rules: [],
      alertmanager: undefined,
      capture: { listen: '127.0.0.1:0', token: undefined, answers: {} },
      evaluationIntervalMs: ms(story.evaluation ?? '1s'),
      externalLabels: {},
    },
    faults: [
      {
        name: 'outage',
        kind: story.oneShot ? 'PodChaos' : 'DNSChaos',
        targets: ['app'],
        mode: 'all',
        value: undefined,
        durationMs: story.oneShot ? undefined : phasesOf(story).faultMs,
        oneShot: story.oneShot ?? false,
        spec: {},
        effect: { min: fields.effect?.min ?? 1, promql: fields.effect?.promql },
      },
    ],
    phases: { baseline: 'auto', recovery: 'auto' },
    objectives,
    alerts: (fields.alerts ?? []).map((each) => resolveAlert(alertSchema.parse(each), names)),
    collateral: resolveCollateral(fields.collateral ? collateralSchema.parse(fields.collateral) : undefined),
    stopConditions: [],
    limits: { runTimeMs: 900_000, share: 1 },
    trials: 1,
    seed: 1,
    secrets: [],
    resolvedText: '',
  };
}

function planOf(story: RowStory, experiment: Experiment): JudgedPlan {
  const scrapeIntervalMs = ms(story.scrape ?? '1s');
  const file = readRuleFile(
    '/rules.yaml',
    stringify({ groups: [{ name: 'team', rules: story.rules ?? [] }] }),
  );
  if (!('value' in file) || file.value === undefined) throw new Error(`rules: ${JSON.stringify(file)}`);
  const rules = rulesOfGroups(file.value.groups, experiment.telemetry.evaluationIntervalMs);
  const source = story.source ?? 'embedded';
  return {
    scrapeIntervalMs,
    source,
    alertSource: source,
    phases: phasesOf(story),
    alerts: planAlerts(experiment.alerts, rules, routingOf(story), scrapeIntervalMs),
    undoDelayMs: 0,
  };
}

function routingOf(story: RowStory): Routing {
  return (alertLabels) => {
    const match = (story.routes ?? []).find(({ matches }) =>
      Object.entries(matches ?? {}).every(([name, value]) => alertLabels[name] === value),
    );
    if (!match) return [];
    return [
      {
        receiver: match.receiver,
        path: match.path ?? ['root'],
        groupWaitMs: ms(match.group_wait ?? '1s'),
        groupIntervalMs: ms(match.group_interval ?? '5s'),
        sendResolved: true,
      },
    ];
  };
}

function timelineOf(story: RowStory, plan: JudgedPlan): TimelineEvent[] {
  const { baselineMs, faultMs, recoveryMs } = plan.phases;
  const injected = baselineMs;
  const stopAt = story.stopped ? ms(story.stopped.at) : undefined;
  const undone = stopAt ?? (story.oneShot ? injected : injected + faultMs);
  const end = story.unsteady
    ? baselineMs
    : stopAt === undefined
      ? injected + faultMs + recoveryMs
      : stopAt + 1000;
  const events: TimelineEvent[] = [
    at(0, {
      type: 'run.started',
      run: 'r1',
      experiment: 'row',
      seed: 1,
      firedrill: '0',
      node: '20',
      trial: 1,
    }),
    at(0, { type: 'run.planned', plan }),
    at(0, { type: 'phase.started', phase: 'baseline', plannedMs: baselineMs }),
    ...(story.unsteady
      ? [at(injected, { type: 'steady.failed', reasons: story.unsteady })]
      : faultEvents(story, plan, injected, undone)),
    ...(story.happens ?? []).map((each) => eventOf(each, story)),
  ];
  if (story.stopped && story.stopped.by !== 'unknown') {
    const { by, reason } = story.stopped;
    events.push(at(undone, { type: 'stop.triggered', by: by as 'user', reason }));
  }
  if (!events.some((event) => event.type === 'run.ended')) {
    const outcome = story.unsteady ? 'not-steady' : story.stopped ? 'stopped' : 'completed';
    events.push(at(end, { type: 'run.ended', outcome }));
  }
  const killedAt = story.killed === undefined ? Number.POSITIVE_INFINITY : zero + ms(story.killed);
  return events.filter((event) => event.at <= killedAt).sort((a, b) => a.at - b.at);
}

function faultEvents(story: RowStory, plan: JudgedPlan, injected: number, undone: number): TimelineEvent[] {
  const hits = story.hits === null ? undefined : (story.hits ?? 12);
  const fault = 'outage';
  const begin: TimelineEvent[] = [
    at(injected, { type: 'steady.held' }),
    at(injected, { type: 'phase.started', phase: 'fault', plannedMs: plan.phases.faultMs }),
    at(injected, {
      type: 'fault.injecting',
      fault,
      kind: 'DNSChaos',
      driver: 'row',
      targets: ['app'],
      lease: 'l1',
    }),
    at(injected, { type: 'fault.injected', fault, lease: 'l1' }),
  ];
  if (story.oneShot) return [...begin, at(injected, { type: 'fault.spent', fault, hits })];
  return [
    ...begin,
    at(undone, { type: 'fault.undoing', fault, why: story.stopped ? 'stopped' : 'duration' }),
    at(undone, { type: 'fault.undone', fault, hits, verified: 'look-ups answer again' }),
    at(undone, { type: 'phase.started', phase: 'recovery', plannedMs: plan.phases.recoveryMs }),
  ];
}

type Body = {
  [T in TimelineEvent['type']]: Omit<Extract<TimelineEvent, { type: T }>, 'at'>;
}[TimelineEvent['type']];

function at(offsetMs: number, body: Body): TimelineEvent {
  return { at: zero + offsetMs, ...body } as TimelineEvent;
}

function eventOf(each: Happening, story: RowStory): TimelineEvent {
  const offset = ms(each.at);
  if (each.event) return at(offset, { type: each.event, ...each.body } as Body);
  for (const state of ['pending', 'firing', 'resolved', 'dropped'] as const) {
    const alert = each[state];
    if (alert === undefined) continue;
    const ref = {
      ...refOf(alert, each, story),
      activeAt: zero + offset,
      value: 1,
      annotations: annotationsOf(alert, story),
    };
    return at(offset, { type: `alert.${state}`, ...ref } as Body);
  }
  for (const reason of ['inhibited', 'silenced', 'muted'] as const) {
    const alert = each[reason];
    if (alert === undefined) continue;
    const by = { by: each.by ?? 'unknown', receiver: each.receiver ?? 'oncall' };
    const source =
      reason === 'inhibited' && each.by !== undefined ? { source: labelsOf(each.by, {}, story) } : {};
    return at(offset, { type: 'alert.suppressed', ...refOf(alert, each, story), reason, ...by, ...source });
  }
  const receiver = each.told ?? each.failed;
  if (receiver === undefined || each.of === undefined) throw new Error(`nothing happens at ${each.at}`);
  const status = each.status ?? 'firing';
  const notification = {
    receiver,
    integration: 'webhook',
    groupKey: '{}',
    groupLabels: {},
    status,
    alerts: [{ status, labels: labelsOf(each.of, each.labels ?? {}, story) }],
  };
  return each.told
    ? at(offset, { type: 'notification.captured', ...notification, file: '1.json' })
    : at(offset, {
        type: 'notification.failed',
        ...notification,
        reason: each.reason ?? 'HTTP 500',
        attempts: 3,
      });
}

function refOf(alert: string, each: Happening, story: RowStory) {
  return {
    alert,
    labels: labelsOf(alert, each.labels ?? {}, story),
    rule: { group: 'team', file: '/rules.yaml' },
  };
}

function ruleOf(alert: string, story: RowStory): { labels?: LabelRecord; annotations?: LabelRecord } {
  return (story.rules ?? []).find((rule) => rule.alert === alert) ?? {};
}

function labelsOf(alert: string, more: LabelRecord, story: RowStory): LabelRecord {
  return { alertname: alert, job: 'app', ...ruleOf(alert, story).labels, ...more };
}

function annotationsOf(alert: string, story: RowStory): LabelRecord {
  return ruleOf(alert, story).annotations ?? {};
}

function recordingOf(story: RowStory, scrapeIntervalMs: number): SeriesStore {
  const store = new SeriesStore();
  const series = Object.entries(story.series ?? {}).map(([text, notation]) => ({
    labels: seriesLabels(text),
    values: expand(notation),
  }));
  const length = Math.max(0, ...series.map(({ values }) => values.length));
  const last =
    story.killed === undefined ? length : Math.min(length, ms(story.killed) / scrapeIntervalMs + 1);
  for (let i = 0; i < last; i++) {
    const samples = series.flatMap(({ labels: own, values }) => {
      const value = values[i];
      if (value === undefined || value === 'absent') return [];
      return value === 'stale' ? [{ labels: own, value: 0, stale: true }] : [{ labels: own, value }];
    });
    store.appendBatch({ source: 'row', atMs: zero + i * scrapeIntervalMs, samples });
  }
  return store;
}

function seriesLabels(text: string): Labels {
  const parsed = parseExpr(text);
  if (!parsed.ok || parsed.expr.kind !== 'vectorSelector') throw new Error(`no series: ${text}`);
  return Labels.from(parsed.expr.matchers.map(({ name, value }) => [name, value] as const));
}

const token =
  /^(_|stale|[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(?:([-+](?:\d+\.?\d*)(?:e[-+]?\d+)?))?(?:x(\d+))?$/;

/** promtool's notation: `a+bxN` and `axN` give N+1 values, `_xN` N absent ones, `stale` ends a series. */
export function expand(notation: string): (number | 'absent' | 'stale')[] {
  return notation
    .trim()
    .split(/\s+/)
    .flatMap((part): (number | 'absent' | 'stale')[] => {
      const match = token.exec(part);
      if (!match) throw new Error(`no values: ${part}`);
      const [, first, step, times] = match;
      const count = Number(times ?? 0);
      if (first === '_') return Array.from({ length: Math.max(1, count) }, () => 'absent' as const);
      if (first === 'stale') return ['stale' as const];
      return Array.from({ length: count + 1 }, (_, i) => Number(first) + i * Number(step ?? 0));
    });
}
