// The routing tree of a row as an Alertmanager configuration.

import { stringify } from 'yaml';
import type { AlertmanagerConfig } from '../../../../src/alertmanager/config/model.ts';
import { readAlertmanagerConfig } from '../../../../src/alertmanager/config/read.ts';
import type { RowStory } from './story.ts';

/** Undefined where a row has no routes, and so nobody is told. */
export function alertmanagerOf(story: RowStory): AlertmanagerConfig | undefined {
  const { routes = [], alertmanager = {} } = story;
  if (routes.length === 0) return undefined;
  const receivers = [...new Set(routes.map(({ receiver }) => receiver))];
  const text = stringify({
    route: routeTreeOf(story),
    ...alertmanager,
    receivers: receivers.map((name) => ({ name, webhook_configs: [{ url: 'http://127.0.0.1:9/' }] })),
  });
  const read = readAlertmanagerConfig('/alertmanager.yml', text);
  if (!read.ok) throw new Error(read.diagnostics.map((each) => each.message).join('; '));
  return read.value;
}

/** The flat list as a tree: the one without matchers is the root, the others are its children. */
export function routeTreeOf({ routes = [] }: RowStory) {
  const root = routes.find(({ matches }) => matches === undefined)!;
  const node = ({
    receiver,
    group_wait = '1s',
    group_interval = '5s',
    matches,
    mute_time_intervals,
  }: (typeof routes)[number]) => ({
    receiver,
    group_wait,
    group_interval,
    ...(mute_time_intervals && { mute_time_intervals }),
    ...(matches && { matchers: Object.entries(matches).map(([name, value]) => `${name}="${value}"`) }),
  });
  return { ...node(root), routes: routes.filter((each) => each !== root).map(node) };
}
