// Alerts that nobody listed and that start after the injection: who else would have been woken by this fault.

import type { LabelRecord } from '../../base/labels.ts';
import type { Experiment } from '../model.ts';
import type { EventOf } from '../timeline.ts';
import type { CollateralAlert } from '../verdict.ts';
import { type Counts, instanceFilter, instanceKey } from './alert-history.ts';
import { missingHelp } from './alert-notes.ts';
import { eventsOf, type RunFacts } from './facts.ts';

export function judgeCollateral(experiment: Experiment, facts: RunFacts): CollateralAlert[] {
  const { injectedAt } = facts;
  if (injectedAt === null) return [];
  const listed = experiment.alerts.map((spec) => instanceFilter(spec, experiment));
  const seen = new Set<string>();
  return eventsOf(facts.events, 'alert.firing')
    .filter((event) => event.at >= injectedAt && isCollateral(event, experiment, listed))
    .filter((event) => !seen.has(instanceKey(event)) && seen.add(instanceKey(event)))
    .map((event) => {
      const judgement = judgementOf(event.labels, experiment);
      const after = ((event.at - injectedAt) / 1000).toFixed(1);
      const missing = missingHelp(event.annotations);
      const help = missing === undefined ? '' : ` It has ${missing} for whoever is paged.`;
      return {
        name: event.alert,
        labels: event.labels,
        judgement,
        reason: `${event.alert} is not listed in this experiment and fired ${after}s after the injection${because(judgement, experiment)}.${help}`,
        firingAt: event.at,
      };
    });
}

function isCollateral(
  event: EventOf<'alert.firing'>,
  experiment: Experiment,
  listed: readonly Counts[],
): boolean {
  const { scope, allow } = experiment.collateral;
  // A parent that may speak for a listed alert is expected to ring, listed or not.
  const expected = [...allow, ...experiment.alerts.flatMap((spec) => spec.coveredBy)];
  return (
    !listed.some((counts) => counts(event.alert, event.labels)) &&
    !expected.includes(event.alert) &&
    (scope === undefined || carries(event.labels, scope))
  );
}

function judgementOf(labels: LabelRecord, experiment: Experiment): CollateralAlert['judgement'] {
  const { verdict, failOn } = experiment.collateral;
  if (failOn !== undefined && carries(labels, failOn)) return 'wrong';
  return verdict === 'fail' ? 'wrong' : verdict === 'warn' ? 'warn' : 'note';
}

function because(judgement: CollateralAlert['judgement'], experiment: Experiment): string {
  const { failOn } = experiment.collateral;
  if (judgement !== 'wrong' || failOn === undefined) return '';
  const words = Object.entries(failOn).map(([label, value]) => `${label}="${value}"`);
  return `; alerts with ${words.join(', ')} must not`;
}

function carries(labels: LabelRecord, wanted: LabelRecord): boolean {
  return Object.entries(wanted).every(([label, value]) => (labels[label] ?? '') === value);
}
