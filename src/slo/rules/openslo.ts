// OpenSLO's alert policies as rules of Prometheus and a route of Alertmanager. Each condition is one burn rate over one window, so
// that a policy becomes a recording of the share of errors, one of its burn rate, and an alert.

import { formatDuration } from '../../base/duration.ts';
import type { LabelRecord } from '../../base/labels.ts';
import { errorShareOver } from '../error-share.ts';
import type { AlertPolicy, MetadataLabels, Objective, ObjectivePart } from '../objective.ts';
import { operatorOf } from '../sli-over.ts';
import {
  floatText,
  type GeneratedAlert,
  type GeneratedGroup,
  type GeneratedRecording,
  type RuleFileContent,
  sortedLabels,
} from './rule-groups.ts';

export interface PolicyOptions {
  /** Added to every rule. */
  readonly labels: LabelRecord;
}

/** A group for each objective that has policies which alert on something. */
export function policyRuleFile(objectives: readonly Objective[], { labels }: PolicyOptions): RuleFileContent {
  return { groups: objectives.flatMap((objective) => policyGroup(objective, labels)) };
}

function policyGroup(objective: Objective, more: LabelRecord): GeneratedGroup[] {
  const alerting = objective.alertPolicies.filter(
    ({ alertWhenBreaching, alertWhenNoData }) => alertWhenBreaching || alertWhenNoData,
  );
  if (alerting.length === 0) return [];
  const labels = sortedLabels({ ...more, service: objective.service, slo: objective.id });
  const windows = new Set(
    alerting.flatMap(({ conditions }) => conditions.map(({ lookbackMs }) => lookbackMs)),
  );
  const recordings = [...windows]
    .sort((a, b) => a - b)
    .flatMap((windowMs) => windowRecordings(objective, windowMs, labels));
  const alerts = alerting.flatMap((policy) => policyAlerts(objective, policy, labels));
  return [{ name: `slo-${objective.id}`, rules: [...recordings, ...alerts] }];
}

function partsOf(objective: Objective): readonly (ObjectivePart & { readonly weight: number })[] {
  return objective.kind === 'simple' ? [{ ...objective, weight: 1 }] : objective.parts;
}

/** Of a composite, one of each part; the weight multiplies what the part burns. */
function windowRecordings(objective: Objective, windowMs: number, labels: LabelRecord): GeneratedRecording[] {
  const window = formatDuration(windowMs);
  const isComposite = objective.kind === 'composite';
  return partsOf(objective).flatMap((part, index) => {
    const own = isComposite ? sortedLabels({ ...labels, part: String(index) }) : labels;
    const weight = part.weight === 1 ? '' : ` * ${floatText(part.weight)}`;
    const share = `slo:error_share:over${window}`;
    return [
      { record: share, expr: errorShareOver(part, windowMs), labels: own },
      {
        record: `slo:burn_rate:over${window}`,
        expr: `${selector(share, own)} / ${floatText(part.target.errorBudget)}${weight}`,
        labels: own,
      },
    ];
  });
}

function policyAlerts(objective: Objective, policy: AlertPolicy, labels: LabelRecord): GeneratedAlert[] {
  return policy.conditions.flatMap((condition) => {
    const window = formatDuration(condition.lookbackMs);
    const burnRate = selector(`slo:burn_rate:over${window}`, ownLabels(labels));
    const whole = objective.kind === 'composite' ? `max without (part) (${burnRate})` : burnRate;
    const name = alertName(objective.id, policy.name);
    const base = {
      ...(condition.alertAfterMs > 0 && { for: formatDuration(condition.alertAfterMs) }),
      labels: sortedLabels({
        ...plainLabels(policy.labels),
        ...labels,
        severity: condition.severity,
        alert_policy: policy.name,
      }),
    };
    const what = objective.displayName ?? objective.id;
    const description = condition.description ?? policy.description;
    const annotations = (summary: string) => ({ summary, ...(description && { description }) });
    const alerts: GeneratedAlert[] = [];
    if (policy.alertWhenBreaching)
      alerts.push({
        alert: name,
        expr: `${whole} ${operatorOf(condition.op)} ${floatText(condition.threshold)}`,
        ...base,
        annotations: annotations(
          `${what} of ${objective.service} burns its error budget {{ $value | humanize }} times as fast as lasts, over ${window}`,
        ),
      });
    if (policy.alertWhenNoData)
      alerts.push({
        alert: `${name}NoData`,
        expr: `absent(${burnRate})`,
        ...base,
        annotations: annotations(`${what} of ${objective.service} has no data over ${window}`),
      });
    return alerts;
  });
}

/** Those that tell one objective's recordings from others'. */
function ownLabels({ service, slo }: LabelRecord): LabelRecord {
  return { service: service!, slo: slo! };
}

function selector(metric: string, labels: LabelRecord): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `${metric}{${matchers.join(', ')}}`;
}

/** `web-availability`, `high-priority`: WebAvailabilityHighPriority. */
function alertName(...names: readonly string[]): string {
  return names
    .flatMap((name) => name.split(/[^A-Za-z0-9]+/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

/** A label of Prometheus has one value and a narrower name: of a list it is all values, separated by commas. */
function plainLabels(labels: MetadataLabels): LabelRecord {
  const entries = Object.entries(labels).map(([name, value]) => [
    name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_'),
    typeof value === 'string' ? value : value.join(','),
  ]);
  return Object.fromEntries(entries) as LabelRecord;
}
