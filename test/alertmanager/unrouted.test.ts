import { describe, expect, it } from 'vitest';
import { buildRoute } from '../../src/alertmanager/dispatch/route.ts';
import { droppedRouteLabelLint, unroutedLint } from '../../src/alertmanager/routes/unrouted.ts';
import type { LabelRecord } from '../../src/base/labels.ts';
import { alertOf, linesOf } from '../rules/lint/support.ts';
import { configOf } from './timeline.ts';

const root = buildRoute(
  configOf(`
route:
  receiver: mailbox
  routes:
    - {matchers: [severity="page", cluster="eu"], receiver: pager}
    - {matchers: ['team=~"db|web"'], receiver: teams}
receivers: [{name: mailbox}, {name: pager}, {name: teams}]
`).route,
);

function found(expr: string, labels: LabelRecord = {}, externalLabels?: LabelRecord): Promise<string[]> {
  const lints = [droppedRouteLabelLint(root), unroutedLint(root)];
  return linesOf(alertOf(expr, { labels }), { externalLabels }, lints);
}

describe('an alert that only the default route takes', () => {
  it('is told with the matcher that comes nearest', async () => {
    expect(await found('sum(foo) > 1', { severity: 'info' })).toEqual([
      'FD320 warning 4:16 only the default route takes the alert, to "mailbox": for {cluster="eu",severity="page"} it has severity="info"',
    ]);
    expect(await found('sum(foo) > 1', { team: 'dba' })).toEqual([
      'FD320 warning 4:16 only the default route takes the alert, to "mailbox": for {cluster="eu",severity="page"} it has no label severity',
    ]);
  });

  it('is one whose aggregation drops the label that it asks for', async () => {
    expect(await found('sum by (job) (rate(foo_total{team="db"}[5m])) > 1')).toEqual([
      'FD319 warning 5:16 the route {team=~"db|web"} needs the label team, which is dropped here: only the default route takes the alert',
    ]);
    expect(await found('sum by (team) (rate(foo_total{team="db"}[5m])) > 1')).toEqual([]);
  });

  it('is none whose labels are not all known', async () => {
    expect(await found('foo > 1')).toEqual([]);
    expect(await found('sum(foo) > 1', { team: '{{ $value }}' })).toEqual([]);
    // Prometheus may add the cluster.
    expect(await found('sum(foo) > 1', { severity: 'page' })).toEqual([]);
  });

  it('is judged with the external labels where they are known', async () => {
    expect(await found('sum(foo) > 1', { severity: 'page' }, { cluster: 'eu' })).toEqual([]);
    expect(await found('sum(foo) > 1', { severity: 'page' }, {})).toHaveLength(1);
    expect(await found('sum(foo) > 1', { severity: 'page' }, { cluster: 'us' })).toHaveLength(1);
  });

  it('is not told where there is no other route', async () => {
    const alone = buildRoute(configOf('route: {receiver: a}\nreceivers: [{name: a}]').route);
    expect(await linesOf(alertOf('sum(foo)'), {}, [unroutedLint(alone)])).toEqual([]);
  });
});
