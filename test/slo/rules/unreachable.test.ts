import { describe, expect, it } from 'vitest';
import type { CompositeObjective, SimpleObjective } from '../../../src/slo/objective.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { unreachablePolicies } from '../../../src/slo/rules/unreachable.ts';
import { targetOf } from '../../../src/slo/target.ts';

function policy(target: number, op: string, threshold: number): SimpleObjective {
  const text = `apiVersion: openslo/v1
kind: SLO
metadata: { name: web }
spec:
  service: shop
  indicator:
    metadata: { name: ok }
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: e_total } } }
        total: { metricSource: { type: Prometheus, spec: { query: t_total } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: Good, target: ${target} }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: burn }
      spec:
        alertWhenBreaching: true
        conditions: [{ kind: AlertCondition, metadata: { name: c }, spec: { severity: page, condition: { kind: burnrate, op: ${op}, threshold: ${threshold}, lookbackWindow: 1h, alertAfter: 2m } } }]
        notificationTargets: [{ kind: AlertNotificationTarget, metadata: { name: chat }, spec: { target: slack } }]
`;
  const [objective] = readObjectives([{ file: 'slo.yaml', text }], { features: new Set() }).objectives;
  if (objective?.kind !== 'simple') throw new Error('no objective');
  return objective;
}

describe('an alert on a burn rate', () => {
  it.each([
    [0.9, 'gt', 9.9, 0],
    [0.9, 'gt', 10, 1],
    [0.9, 'gte', 10, 0],
    [0.9, 'gte', 10.1, 1],
    [0.93, 'gt', 14.4, 1],
    [0.931, 'gt', 14.4, 0],
    // That a budget burns slowly can always come true.
    [0.9, 'lt', 20, 0],
  ])('of an objective of %d with %s %d is told of %d times', (target, op, threshold, count) => {
    expect(unreachablePolicies(policy(target, op, threshold))).toHaveLength(count);
  });

  it('of a composite is reachable when its fastest part is', () => {
    const simple = policy(0.9, 'gt', 14.4);
    const composite = (weight: number): CompositeObjective => {
      const { sli, target, budgeting, ...base } = simple;
      const strict = { sli, budgeting, target: targetOf('0.99', 'ratio')!, weight, displayName: undefined };
      const lax = { sli, budgeting, target, weight: 1, displayName: undefined };
      return { ...base, kind: 'composite', parts: [lax, strict] };
    };
    expect(unreachablePolicies(composite(1))).toEqual([]);
    // A tenth of 100 times is no more than the other part's 10 times.
    expect(unreachablePolicies(composite(0.1))[0]).toMatchObject({ code: 'FD310', severity: 'warning' });
  });
});
