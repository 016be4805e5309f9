import { describe, expect, it } from 'vitest';
import { buildRoute } from '../../src/alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../src/alertmanager/dispatch/routing.ts';
import { Labels } from '../../src/base/labels.ts';
import { configOf } from './timeline.ts';

const tree = `
route:
  receiver: default
  group_wait: 10s
  group_by: [alertname]
  routes:
    - matchers: [team="db"]
      receiver: dba
      group_interval: 1m
      routes:
        - {matchers: [severity="page"], receiver: dba-pager, continue: true}
        - {matchers: ['env=~"prod|stage"'], group_by: []}
    - {matchers: [severity="page"], receiver: pager, continue: true}
    - {matchers: [severity!=""], receiver: chat}
receivers: [{name: default}, {name: dba}, {name: dba-pager}, {name: pager}, {name: chat}]
`;

function routes(labels: Record<string, string>): string[] {
  const root = buildRoute(configOf(tree).route);
  return matchRoutes(root, Labels.from(labels)).map(
    ({ receiver, path }) => `${receiver} ${path.join(' > ')}`,
  );
}

describe('routing', () => {
  it('takes the deepest match, and siblings behind continue', () => {
    expect(routes({ team: 'x' })).toEqual(['default {}']);
    expect(routes({ team: 'db' })).toEqual(['dba {} > {team="db"}']);
    expect(routes({ team: 'db', severity: 'page', env: 'prod' })).toEqual([
      'dba-pager {} > {team="db"} > {severity="page"}',
      'dba {} > {team="db"} > {env=~"prod|stage"}',
    ]);
    expect(routes({ severity: 'page' })).toEqual([
      'pager {} > {severity="page"}',
      'chat {} > {severity!=""}',
    ]);
  });

  it('inherits receiver, grouping and timers', () => {
    const root = buildRoute(configOf(tree).route);
    const leaf = root.routes[0]!.routes[1]!;
    expect(leaf).toMatchObject({
      receiver: 'dba',
      groupWaitMs: 10_000,
      groupIntervalMs: 60_000,
      repeatIntervalMs: 4 * 3_600_000,
      groupBy: [],
    });
    expect(root.routes[0]!.groupBy).toEqual(['alertname']);
    expect(leaf.key).toBe('{}/{team="db"}/{env=~"prod|stage"}');
  });
});
