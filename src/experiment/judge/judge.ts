// The judge: a pure function of the experiment, the timeline and the recording, so that a past run can be judged
// again. Each thing is judged in a file of its own:
//
//     facts ─┬─ objectives ─┬─ alerts ──┬─ run verdict ─ sentence
//            └─ faults ─────┘           │
//               collateral ─────────────┘

import type { Queryable } from '../../telemetry/metrics/series.ts';
import { WarmedSource } from '../history/warmed-source.ts';
import type { Experiment, FaultSpec } from '../model.ts';
import type { TimelineEvent } from '../timeline.ts';
import type { AlertVerdict, ObjectiveVerdict, Verdict } from '../verdict.ts';
import { judgeAlert } from './alert.ts';
import { judgeCollateral } from './collateral.ts';
import { costsOf } from './cost.ts';
import { eventsOf, gatherFacts, type RunFacts } from './facts.ts';
import { judgeFault } from './fault.ts';
import { HeldRun } from './held-run.ts';
import { judgeAction, judgeProbe } from './hypothesis.ts';
import { judgeObjective } from './objective.ts';
import type { ObjectiveFinding } from './objective-finding.ts';
import { judgeRun } from './run-verdict.ts';
import { runSentence } from './sentence.ts';

export interface JudgeOptions {
  /** Whether an alert that the undo overtook may be judged by what a longer fault would have done. Default true. */
  readonly projection?: boolean;
  /** What long windows were warmed with; the recording holds nothing of it. */
  readonly history?: Queryable;
}

/** Never throws on what a run can leave behind, however early it ended. */
export function judge(
  experiment: Experiment,
  timeline: readonly TimelineEvent[],
  live: Queryable,
  options: JudgeOptions = {},
): Verdict {
  const facts = gatherFacts(experiment, timeline, live);
  const recording = options.history ? new WarmedSource(options.history, live) : live;
  const faults = [
    ...experiment.faults
      .filter((spec) => !isPassedBy(spec, facts))
      .map((spec) => judgeFault(spec, facts, recording)),
    ...(experiment.chaosToolkit?.actions ?? []).map((spec) => judgeAction(spec, facts)),
  ];
  const findings = experiment.objectives.map((spec) => judgeObjective(spec, facts, recording));
  const faultHit = faults.some((fault) => fault.verdict === 'effective');
  const context = {
    experiment,
    facts,
    recording,
    live,
    objectives: findings,
    faultHit,
    projection: options.projection ?? true,
    held: new HeldRun(experiment, facts, recording),
  };
  const alerts = experiment.alerts.map((spec) => judgeAlert(spec, context));
  const objectives = [
    ...findings.map((finding) => withDetection(finding, alerts, experiment)),
    ...judgeProbes(experiment, facts),
  ];
  const collateral = judgeCollateral(experiment, facts);
  const items = { objectives, alerts, faults, collateral };
  const costs = costsOf(experiment, facts, recording, findings);
  const run = judgeRun(experiment, facts, items);
  return {
    schemaVersion: 1,
    run: facts.run,
    name: experiment.name,
    title: experiment.title,
    sentence: runSentence(experiment, facts, items, run),
    ...run,
    startedAt: facts.startedAt,
    endedAt: facts.endedAt,
    times: {
      baseline: facts.baselineAt,
      injected: facts.injectedAt,
      undone: facts.undoneAt,
      ended: facts.endedAt,
    },
    ...items,
    ...(costs.length > 0 && { costs }),
    warnings: warningsOf(facts),
    notUndone: facts.stuck.flatMap((event) => event.left.map((left) => `${event.fault}: ${left}`)),
    report: null,
    runFolder: null,
  };
}

function judgeProbes({ chaosToolkit }: Experiment, facts: RunFacts): ObjectiveVerdict[] {
  const { probes = [], hypothesisStrategy = 'default' } = chaosToolkit ?? {};
  return probes.map((spec) => judgeProbe(spec, hypothesisStrategy, facts));
}

/** A branch that its workflow did not take, while it took others: there is nothing to say of it. */
function isPassedBy({ name, workflow }: FaultSpec, { faults, events, stop }: RunFacts): boolean {
  const fault = faults.get(name)!;
  if (workflow === undefined || stop || fault.kind !== null || fault.failure !== null) return false;
  const others = eventsOf(events, 'workflow.node').filter((event) => event.workflow === workflow);
  return others.some((event) => event.state === 'accomplished' || event.state === 'deadline');
}

/** An objective is detected when at least one alert that guards it and notifies did what it owes. */
function withDetection(
  { verdict, state }: ObjectiveFinding,
  alerts: readonly AlertVerdict[],
  experiment: Experiment,
): ObjectiveVerdict {
  // Verdicts stand in the order of the experiment's entries; two entries may share a name.
  const entries = alerts.map((alert, index) => ({ alert, spec: experiment.alerts[index]! }));
  const own = entries.filter(({ alert }) => alert.guards.includes(verdict.name));
  const detectedBy =
    state !== 'broken' || own.length === 0
      ? null
      : own
          .filter(
            ({ alert, spec }) => spec.notifies && told.has(alert.verdict) && alert.judgement !== 'wrong',
          )
          .map(({ alert }) => alert.name);
  return { ...verdict, detectedBy };
}

const told: ReadonlySet<string> = new Set(['rang', 'early', 'covered', 'would-ring', 'flapping']);

function warningsOf({ events, blind }: RunFacts): string[] {
  const texts = [
    ...eventsOf(events, 'warning').map((event) => event.message),
    ...blind.map(
      (gap) => `source not readable for ${((gap.to - gap.from) / 1000).toFixed(1)}s: ${gap.reason}`,
    ),
    ...eventsOf(events, 'rule.failed').map(
      (event) => `rule ${event.rule} in group ${event.group}: ${event.reason}`,
    ),
    ...eventsOf(events, 'target.exited')
      .filter((event) => !event.expected)
      .map(
        (event) =>
          `target ${event.target} (pid ${event.pid}) ended by itself, ${ending(event.code, event.signal)}`,
      ),
  ];
  return [...new Set(texts)];
}

function ending(code: number | null, signal: string | null): string {
  return signal === null ? `with code ${code}` : `by ${signal}`;
}
