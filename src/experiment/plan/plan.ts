// The plan: everything that can be found out before anything is changed. A dry run prints it; a run carries it out.
// It asks remotes for their rules and routes, looks at targets, and tries what the machine can do; it starts nothing.

import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import type { NotificationTemplates } from '../../alertmanager/notify/templates/notification-templates.ts';
import { readTemplates } from '../../alertmanager/notify/templates/template-files.ts';
import type { ErrorCode } from '../../base/catalogue.ts';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { humanDuration } from '../../base/duration.ts';
import { seededRandom } from '../../base/random.ts';
import type { Machine } from '../../faults/fault.ts';
import type { FaultKinds } from '../../faults/kinds.ts';
import { type EngineEnvironment, engineSockets } from '../../faults/targets/container/sockets.ts';
import { createGuard } from '../../faults/targets/guard.ts';
import { allFeatures } from '../../promql/features.ts';
import { parseExpr } from '../../promql/parser.ts';
import { printExpr } from '../../promql/printer.ts';
import { longestReachMs, selectorsOf } from '../../promql/walk.ts';
import type { RuleGroup } from '../../rules/model.ts';
import type { MirroredSelector } from '../../telemetry/remote/mirror.ts';
import { openRealSource, type RealSource } from '../history/real-source.ts';
import type { Experiment } from '../model.ts';
import type { JudgedPlan } from '../timeline.ts';
import { planAlerts } from './alerts.ts';
import { type EarlierDrill, longestWindowMs, refuseEarlierFault } from './earlier-fault.ts';
import { type PlannedFault, planFaults } from './faults.ts';
import { type Foresight, foresee } from './foresight.ts';
import { groupsThatWait, planHistory, recordingsReadBy } from './history.ts';
import { readNotifier } from './notifier.ts';
import { overheadMs, phaseLengths } from './phases.ts';
import { readRules } from './rules.ts';
import type { ShadowPlan } from './shadow.ts';
import { strengthOf } from './strength.ts';
import { type PlannedTarget, planTarget, type TargetPlanning } from './targets.ts';

export interface Plan {
  readonly experiment: Experiment;
  readonly targets: readonly PlannedTarget[];
  readonly faults: readonly PlannedFault[];
  /** Rules that we evaluate; empty when a remote evaluates its own. */
  readonly ruleGroups: readonly RuleGroup[];
  /** The embedded Alertmanager; undefined when a remote notifies or nobody does. */
  readonly alertmanager: AlertmanagerConfig | undefined;
  /** How its notifications are put into words, and whether to the real receivers. */
  readonly notifications: { readonly templates: NotificationTemplates; readonly isReal: boolean } | undefined;
  /** What a real Alertmanager is configured with; undefined without one. */
  readonly remoteAlertmanager: AlertmanagerConfig | undefined;
  /** How its pager is held; undefined when it is not. */
  readonly shadow: ShadowPlan | undefined;
  /** What a remote is mirrored for. */
  readonly selectors: readonly MirroredSelector[];
  /** Those of our rule groups that begin only when long windows have their history. */
  readonly waitingGroups: ReadonlySet<RuleGroup>;
  /** Where real samples for long windows are; undefined without, or where no window needs them. */
  readonly realSource: RealSource | undefined;
  readonly judged: JudgedPlan;
  readonly totalMs: number;
  /** How long after a fault another one may be injected: a remote source remembers it for so long. */
  readonly forgetMs: number;
  readonly foresight: readonly Foresight[];
  /** For the drivers' files: the run makes it, under a lease, and removes it. */
  readonly scratchFolder: string;
}

export interface Planning {
  /** From createFaultKinds, with the program of StressChaos's workers. */
  readonly kinds: FaultKinds;
  readonly clock: Clock;
  readonly machine: Machine;
  /** Refusals that the user has lifted. */
  readonly allowed: ReadonlySet<ErrorCode>;
  readonly notify: 'capture' | 'deliver' | 'shadow';
  /** Names the sockets of container engines. */
  readonly env: EngineEnvironment;
  readFile(path: string): Promise<string>;
  /** Asked for where a remote source may remember them. */
  earlierDrills(): Promise<readonly EarlierDrill[]>;
}

/** Taking a fault back and looking at it; what the brake needs beside the scrape. */
const undoMs = 500;

export async function planRun(experiment: Experiment, planning: Planning): Promise<Plan> {
  const rules = await readRules(experiment, planning);
  const notifier = await readNotifier(experiment, planning);
  const scrapeIntervalMs = shortestInterval(experiment);
  const alerts = planAlerts(
    experiment.alerts,
    rules.known,
    notifier.routing,
    scrapeIntervalMs,
    rules.recordings,
  );
  const phases = phaseLengths(experiment, alerts, scrapeIntervalMs);
  const totalMs = phases.baselineMs + phases.faultMs + phases.recoveryMs + overheadMs;
  if (totalMs > experiment.limits.runTimeMs) {
    const text = `the plan takes ${humanDuration(totalMs)}, and limits.runTime is ${humanDuration(experiment.limits.runTimeMs)}`;
    throw UserError.of('FD802', text);
  }
  const { recordings } = rules;
  const history = planHistory(experiment, rules.groups, recordings, phases.baselineMs);
  const mustForget = experiment.telemetry.prometheus !== undefined && !planning.allowed.has('FD810');
  if (mustForget) {
    const injectedAtMs = planning.clock.now() + phases.baselineMs;
    refuseEarlierFault(experiment, alerts, rules.recordings, await planning.earlierDrills(), injectedAtMs);
  }
  const from = experiment.history?.from;
  const read = recordingsReadBy(alerts, recordings);
  const judged: JudgedPlan = {
    scrapeIntervalMs,
    source: experiment.telemetry.prometheus ? 'remote' : 'embedded',
    alertSource: rules.source,
    phases,
    alerts,
    undoDelayMs: scrapeIntervalMs + undoMs,
    ...notifier.judged,
    ...(read.length > 0 && { recordings: read }),
    ...(history && { history }),
  };
  const scratchFolder = join(tmpdir(), `firedrill-${randomUUID()}`);
  const random = seededRandom(experiment.seed);
  const guard = createGuard(planning.allowed);
  const targetPlanning: TargetPlanning = {
    guard,
    clock: planning.clock,
    random,
    allowsOwnContainer: planning.allowed.has('FD511'),
    allowsHost: planning.allowed.has('FD515'),
    engineSockets: () => engineSockets(planning.env, planning.machine.uid),
  };
  const byName = new Map<string, PlannedTarget[]>();
  for (const spec of experiment.targets) byName.set(spec.name, await planTarget(spec, targetPlanning));
  const targets = [...byName.values()].flat();
  const faults = await planFaults(experiment, byName, { ...planning, random, scratchFolder });
  return {
    experiment,
    targets,
    faults,
    ruleGroups: rules.groups,
    realSource: history && from ? await openRealSource(from, planning.clock) : undefined,
    waitingGroups: groupsThatWait(rules.groups, recordings, history, phases.baselineMs),
    alertmanager: notifier.config,
    notifications: notifier.config && {
      templates: await readTemplates(notifier.config),
      isReal: planning.notify === 'deliver',
    },
    remoteAlertmanager: notifier.remote,
    shadow: notifier.shadow,
    selectors: mirroredSelectors(
      experiment,
      alerts.flatMap((alert) => alert.rules.map((rule) => rule.expr)),
      rules.groups,
    ),
    judged,
    totalMs,
    forgetMs: mustForget ? longestWindowMs(experiment.objectives, alerts, rules.recordings) : 0,
    foresight: foresee(experiment, judged, strengthOf(faults)),
    scratchFolder,
  };
}

const defaultIntervalMs = 1000;

function shortestInterval({ telemetry }: Experiment): number {
  if (telemetry.prometheus) return telemetry.prometheus.intervalMs;
  return Math.min(
    ...telemetry.scrape.map((scrape) => scrape.intervalMs),
    telemetry.scrape.length > 0 ? Infinity : defaultIntervalMs,
  );
}

/** Every selector that objectives, stop conditions and rules read, once, with how far back any of them looks. */
function mirroredSelectors(
  experiment: Experiment,
  alertExpressions: readonly string[],
  groups: readonly RuleGroup[],
): MirroredSelector[] {
  const expressions = [
    ...experiment.objectives.map((objective) => objective.promql),
    ...experiment.stopConditions.map((condition) => condition.promql),
    ...experiment.faults.flatMap((fault) => fault.effect.promql ?? []),
    ...alertExpressions,
    ...groups.flatMap((group) => group.rules.map((rule) => rule.exprText)),
  ];
  const lookback = new Map<string, number>();
  for (const text of expressions) {
    const parsed = parseExpr(text, { features: allFeatures });
    if (!parsed.ok) continue;
    const reachMs = longestReachMs(parsed.expr);
    for (const { selector } of selectorsOf(parsed.expr)) {
      const bare = printExpr({ ...selector, offsetMs: 0, offsetExpr: undefined, at: undefined });
      lookback.set(bare, Math.max(reachMs, lookback.get(bare) ?? 0));
    }
  }
  return [...lookback].map(([text, lookbackMs]) => ({ text, lookbackMs }));
}
