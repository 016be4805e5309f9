import { describe, expect, it } from 'vitest';
import { readAlertmanagerConfig } from '../../../src/alertmanager/config/read.ts';
import { buildRoute } from '../../../src/alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../../src/alertmanager/dispatch/routing.ts';
import { Labels } from '../../../src/base/labels.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import { policyRuleFile } from '../../../src/slo/rules/openslo.ts';
import { policyRouteYaml } from '../../../src/slo/rules/openslo-route.ts';
import { policiesOfOpenSlo as text } from './openslo-policies.ts';

const { objectives } = readObjectives([{ file: 'slo.yaml', text }], { features: new Set() });

describe('alert policies of OpenSLO', () => {
  it('become recordings of each window and alerts on what they say', () => {
    const [group, ...more] = policyRuleFile(objectives, { labels: { env: 'ci' } }).groups;
    expect(more).toEqual([]);
    expect(group!.rules.map((rule) => ('alert' in rule ? rule.alert : rule.record))).toEqual([
      'slo:error_share:over1h',
      'slo:burn_rate:over1h',
      'WebAvailabilityFastBurn',
      'WebAvailabilityFastBurnNoData',
    ]);
    expect(group!.rules[2]).toMatchObject({
      expr: 'slo:burn_rate:over1h{service="web", slo="web-availability"} >= 14.4',
      for: '2m',
      labels: { severity: 'page', alert_policy: 'fast-burn', team: 'a,b', env: 'ci' },
    });
  });

  it('become a route that tells all targets of a policy', () => {
    const read = readAlertmanagerConfig('alertmanager.yml', policyRouteYaml(objectives), 'fallback');
    if (!read.ok) throw new Error(JSON.stringify(read.diagnostics));
    const receivers = (labels: Record<string, string>) =>
      matchRoutes(buildRoute(read.value.route), Labels.from(labels)).map(({ receiver }) => receiver);
    expect(receivers({ alert_policy: 'fast-burn' })).toEqual(['on-call', 'chat']);
    expect(receivers({ alert_policy: 'silent' })).toEqual(['mail']);
    expect(receivers({})).toEqual(['default']);
  });
});
