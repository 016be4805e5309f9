// A row of the truth table as the judge sees it: its experiment, its timeline and its recording.

import { stringify } from 'yaml';
import type { LabelRecord } from '../../../../src/base/labels.ts';
import { alertSchema, resolveAlert } from '../../../../src/experiment/file/alerts.ts';
import { objectiveSchema, resolveObjective } from '../../../../src/experiment/file/objectives.ts';
import { collateralSchema, resolveCollateral } from '../../../../src/experiment/file/safety.ts';
import type { Experiment } from '../../../../src/experiment/model.ts';
import { planAlerts } from '../../../../src/experiment/plan/alerts.ts';
import { rulesOfGroups } from '../../../../src/experiment/plan/known-rule.ts';
import { judgedRouting, routingOf } from '../../../../src/experiment/plan/routing.ts';
import type { JudgedPlan, TimelineEvent } from '../../../../src/experiment/timeline.ts';
import { readRuleFile } from '../../../../src/rules/file.ts';
import type { RuleGroup } from '../../../../src/rules/model.ts';
import type { SimpleObjective } from '../../../../src/slo/objective.ts';
import { readObjectives } from '../../../../src/slo/read.ts';
import type { Queryable } from '../../../../src/telemetry/metrics/series.ts';
import { SeriesStore } from '../../../../src/telemetry/metrics/store.ts';
import { alertmanagerOf } from './alertmanager.ts';
import { scrapesOf } from './scrapes.ts';
import { type Happening, ms, type RowStory, zero } from './story.ts';

export interface Scenario {
  readonly experiment: Experiment;
  readonly timeline: readonly TimelineEvent[];
  readonly recording: Queryable;
}

export function scenarioOf(story: RowStory): Scenario {
  const experiment = experimentOf(story);
  const plan = planOf(story, experiment);
  return {
    experiment,
    timeline: timelineOf(story, plan),
    recording: recordingOf(story),
  };
}

const phasesDefault = { baseline: '20s', fault: '30s', recovery: '40s' };

function phasesOf(story: RowStory): JudgedPlan['phases'] {
  const { baseline, fault, recovery } = story.phases ?? phasesDefault;
  return { baselineMs: ms(baseline), faultMs: ms(fault), recoveryMs: ms(recovery) };
}

function experimentOf(story: RowStory): Experiment {
  const fields = story.experiment;
  const objectives = (fields.objectives ?? []).map((each) =>
    resolveObjective(objectiveSchema.parse(each), sloOf(story, each.slo), 1000),
  );
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
      features: [],
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

/** What `slo.yaml#NAME` stands for. */
function sloOf({ slo }: RowStory, reference: unknown): SimpleObjective | undefined {
  if (reference === undefined || !slo) return undefined;
  const read = readObjectives([{ file: '/slo.yaml', text: stringify(slo) }], { features: new Set() });
  const found = read.objectives.find(({ id }) => `slo.yaml#${id}` === reference);
  if (found?.kind !== 'simple') throw new Error(read.diagnostics.map((each) => each.message).join('; '));
  return found;
}

/** The row's rules, read as a Prometheus rule file. */
export function groupsOf(story: RowStory): readonly RuleGroup[] {
  const text = stringify({ groups: [{ name: 'team', rules: story.rules ?? [] }] });
  const file = readRuleFile('/rules.yaml', text);
  if (!file.ok) throw new Error(file.diagnostics.map((each) => each.message).join('; '));
  return file.value.groups;
}

function planOf(story: RowStory, experiment: Experiment): JudgedPlan {
  const scrapeIntervalMs = ms(story.scrape ?? '1s');
  const rules = rulesOfGroups(groupsOf(story), experiment.telemetry.evaluationIntervalMs);
  const source = story.source ?? 'embedded';
  const config = alertmanagerOf(story);
  return {
    scrapeIntervalMs,
    source,
    alertSource: source,
    phases: phasesOf(story),
    alerts: planAlerts(experiment.alerts, rules, routingOf(config), scrapeIntervalMs),
    undoDelayMs: 0,
    ...judgedRouting(config),
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

function recordingOf(story: RowStory): SeriesStore {
  const store = new SeriesStore();
  for (const scrape of scrapesOf(story)) store.appendBatch(scrape);
  return store;
}
