// Which alerts guard which objectives: those whose expressions read the same metrics, through recording rules too, and
// do not ask for another job.

import type { Expr } from '../../promql/ast.ts';
import { parseExpr } from '../../promql/parser.ts';
import { selectorsOf } from '../../promql/walk.ts';
import type { KnownRule } from '../plan/known-rule.ts';
import type { PlannedRecording } from '../timeline.ts';
import type { DrillObjective } from './drill-objectives.ts';

export interface GuardingAlert {
  readonly rule: KnownRule;
  /** Labels that single it out among rules of the same name. */
  readonly labels: Readonly<Record<string, string>>;
  readonly guards: readonly DrillObjective[];
}

const alertsMax = 10;
/** Recording rules that read each other, at most so deep. */
const depthMax = 5;

export function guardingAlerts(
  rules: readonly KnownRule[],
  recordings: readonly PlannedRecording[],
  objectives: readonly DrillObjective[],
): GuardingAlert[] {
  const found = rules.flatMap((rule): GuardingAlert[] => {
    const read = metricsReadBy(rule.expr, recordings, depthMax);
    const guards = objectives.filter(({ metrics, job }) =>
      read.some((each) => metrics.includes(each.metric) && isJob(each.job, job)),
    );
    if (guards.length === 0) return [];
    const isOneOfSeveral = rules.filter(({ name }) => name === rule.name).length > 1;
    const plain = Object.entries(rule.labels).filter(([, value]) => !value.includes('{{'));
    return [{ rule, guards, labels: isOneOfSeveral ? Object.fromEntries(plain) : {} }];
  });
  return found.slice(0, alertsMax);
}

interface ReadMetric {
  readonly metric: string;
  /** Of an equality matcher; undefined when any job will do. */
  readonly job: string | undefined;
}

function metricsReadBy(expr: Expr, recordings: readonly PlannedRecording[], depth: number): ReadMetric[] {
  return selectorsOf(expr).flatMap(({ selector }): ReadMetric[] => {
    const job = selector.matchers.find(({ name, operator }) => name === 'job' && operator === '=')?.value;
    const recorded = depth > 0 ? recordings.filter(({ name }) => name === selector.name) : [];
    const deeper = recorded.flatMap((recording) => {
      const parsed = parseExpr(recording.expr);
      return parsed.ok ? metricsReadBy(parsed.expr, recordings, depth - 1) : [];
    });
    return [{ metric: selector.name, job }, ...deeper];
  });
}

function isJob(asked: string | undefined, own: string | undefined): boolean {
  return asked === undefined || own === undefined || asked === own || asked === 'firedrill';
}
