// Where OpenSLO's notification targets say that alerts go, as the tree of an alertmanager.yml. A target is free text and names no
// address: its receiver is there, and a comment in it says what is to be filled in.

import { Document, type YAMLMap, type YAMLSeq } from 'yaml';
import type { AlertPolicy, NotificationTarget, Objective } from '../objective.ts';

interface Route {
  readonly receiver: string;
  readonly matchers: readonly string[];
  readonly continue: boolean;
}

/** YAML; the default receiver gets what belongs to no policy. */
export function policyRouteYaml(objectives: readonly Objective[]): string {
  const policies = new Map<string, AlertPolicy>();
  for (const objective of objectives)
    for (const policy of objective.alertPolicies)
      if (!policies.has(policy.name)) policies.set(policy.name, policy);
  const targets = new Map<string, { readonly target: NotificationTarget; readonly resolved: boolean }>();
  for (const { notificationTargets, alertWhenResolved } of policies.values())
    for (const target of notificationTargets) {
      const resolved = alertWhenResolved || (targets.get(target.name)?.resolved ?? false);
      targets.set(target.name, { target, resolved });
    }
  const routes = [...policies.values()].flatMap(routesOf);
  const document = new Document({
    route: { receiver: 'default', group_by: ['alertname', 'service', 'slo'], routes },
    receivers: [{ name: 'default' }, ...[...targets.keys()].map((name) => ({ name }))],
  });
  const receivers = document.get('receivers') as YAMLSeq<YAMLMap>;
  [...targets.values()].forEach(({ target, resolved }, index) => {
    const note = ` ${target.target}: add its configuration here, with send_resolved: ${resolved}`;
    receivers.items[index + 1]!.comment = note.replaceAll('\n', ' ');
  });
  return document.toString({ lineWidth: 0 });
}

/** All targets of a policy are told: every route but the last goes on to the next. */
function routesOf({ name, notificationTargets }: AlertPolicy): Route[] {
  return notificationTargets.map((target, index) => ({
    receiver: target.name,
    matchers: [`alert_policy=${JSON.stringify(name)}`],
    continue: index < notificationTargets.length - 1,
  }));
}
