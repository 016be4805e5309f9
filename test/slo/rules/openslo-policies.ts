// An SLO of OpenSLO with two alert policies: one alerts on a fast burn and on no data, the other on nothing.

const target = (name: string, text: string) =>
  `{ kind: AlertNotificationTarget, metadata: { name: ${name} }, spec: { target: ${text} } }`;

const condition = (name: string, threshold: number) =>
  `{ kind: AlertCondition, metadata: { name: ${name} }, spec: { severity: page, condition: { kind: burnrate, op: gte, threshold: ${threshold}, lookbackWindow: 1h, alertAfter: 2m } } }`;

export const policiesOfOpenSlo = `apiVersion: openslo/v1
kind: SLO
metadata: { name: web-availability }
spec:
  service: web
  indicator:
    metadata: { name: ok }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'ok_total' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'all_total' } } }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: Good, target: 0.995 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: fast-burn, labels: { team: [a, b] } }
      spec:
        alertWhenBreaching: true
        alertWhenNoData: true
        conditions: [${condition('fast', 14.4)}]
        notificationTargets: [${target('on-call', 'pagerduty')}, ${target('chat', 'slack')}]
    - kind: AlertPolicy
      metadata: { name: silent }
      spec:
        conditions: [${condition('slow', 1)}]
        notificationTargets: [${target('mail', 'email')}]
`;
