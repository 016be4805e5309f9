// The rules and the routing trees of many rows as one prometheus.yml, one rule file and one alertmanager.yml.

import { stringify } from 'yaml';
import { routeTreeOf } from '../../experiment/judge/truth-table/alertmanager.ts';
import type { Row } from '../../experiment/judge/truth-table/rows.ts';
import { disguisedLabels, disguisedReceiver, disguisedText } from './disguise.ts';

export type PlayedRow = Row & { readonly id: string };

export function prometheusYaml(ports: { metrics: number; alertmanager: number }, ruleFile: string): string {
  return stringify({
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${ports.alertmanager}`] }] }] },
    rule_files: [ruleFile],
    scrape_configs: [
      {
        job_name: 'rows',
        honor_labels: true,
        static_configs: [{ targets: [`127.0.0.1:${ports.metrics}`] }],
      },
    ],
  });
}

/** Each row's rules are a group, evaluated for itself. */
export function rulesYaml(rows: readonly PlayedRow[]): string {
  const groups = rows.map(({ id, story }) => ({
    name: id,
    rules: (story.rules ?? []).map((rule) => ({
      ...rule,
      expr: disguisedText(rule.expr as string, id),
      labels: { ...disguisedLabels((rule.labels ?? {}) as Record<string, string>, id), row: id },
    })),
  }));
  return stringify({ groups: groups.filter(({ rules }) => rules.length > 0) });
}

type RouteNode = Omit<ReturnType<typeof routeTreeOf>, 'routes'> & { routes?: RouteNode[] };

interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal: readonly string[];
}

/** Each row's tree hangs below the root behind a matcher of its own. `mornings` is all day long here. */
export function alertmanagerYaml(rows: readonly PlayedRow[], captureUrl: string): string {
  const trees = rows
    .filter(({ story }) => (story.routes ?? []).length > 0)
    .map(({ id, story }) => {
      const tree = routeTreeOf(story) as RouteNode;
      return { ...disguisedRoute(tree, id), matchers: [`row="${id}"`] };
    });
  const names = rows.flatMap(({ id, story }) =>
    (story.routes ?? []).map(({ receiver }) => disguisedReceiver(receiver, id)),
  );
  return stringify({
    route: { receiver: 'nobody', routes: trees },
    receivers: [
      { name: 'nobody' },
      ...[...new Set(names)].map((name) => ({ name, webhook_configs: [{ url: captureUrl }] })),
    ],
    time_intervals: [
      { name: 'mornings', time_intervals: [{ times: [{ start_time: '00:00', end_time: '24:00' }] }] },
    ],
    inhibit_rules: rows.flatMap(({ id, story }) =>
      ((story.alertmanager?.inhibit_rules ?? []) as InhibitRule[]).map((rule) => ({
        ...rule,
        source_matchers: [...rule.source_matchers, `row="${id}"`],
        target_matchers: [...rule.target_matchers, `row="${id}"`],
      })),
    ),
  });
}

function disguisedRoute(route: RouteNode, id: string): RouteNode {
  const { receiver, matchers, routes, ...rest } = route as RouteNode & { matchers?: string[] };
  return {
    ...rest,
    receiver: disguisedReceiver(receiver, id),
    ...(matchers && { matchers: matchers.map((matcher) => disguisedText(matcher, id)) }),
    ...(routes && { routes: routes.map((child) => disguisedRoute(child, id)) }),
  } as RouteNode;
}
