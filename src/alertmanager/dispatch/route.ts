// The routing tree with everything inherited: what each route does with the alerts that reach it.

import type { Labels } from '../../base/labels.ts';
import { quote } from '../../promql/syntax/quote.ts';
import type { RouteConfig } from '../config/model.ts';
import { type AlertMatcher, matchersText } from '../matcher/matcher.ts';

export interface Route {
  readonly parent: Route | undefined;
  readonly matchers: readonly AlertMatcher[];
  /** An alert that matches goes on to the next sibling too. */
  readonly continue: boolean;
  readonly receiver: string;
  readonly groupBy: readonly string[] | '...';
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly routes: readonly Route[];
  /** The matchers from the root to here, as they begin a group's key. */
  readonly key: string;
  /** The same, one text a route: `['{}', '{severity="page"}']`. */
  readonly path: readonly string[];
}

const rootDefaults = {
  receiver: '',
  groupBy: [] as readonly string[] | '...',
  groupWaitMs: 30_000,
  groupIntervalMs: 5 * 60_000,
  repeatIntervalMs: 4 * 60 * 60_000,
};

/** Children inherit receiver, grouping and timers; matchers, continue and time intervals are each route's own. */
export function buildRoute(config: RouteConfig, parent?: Route): Route {
  const inherited = parent ?? rootDefaults;
  const text = matchersText(config.matchers);
  const routes: Route[] = [];
  const route: Route = {
    parent,
    matchers: config.matchers,
    continue: config.continue,
    receiver: config.receiver ?? inherited.receiver,
    groupBy: config.groupBy ?? inherited.groupBy,
    groupWaitMs: config.groupWaitMs ?? inherited.groupWaitMs,
    groupIntervalMs: config.groupIntervalMs ?? inherited.groupIntervalMs,
    repeatIntervalMs: config.repeatIntervalMs ?? inherited.repeatIntervalMs,
    muteTimeIntervals: config.muteTimeIntervals,
    activeTimeIntervals: config.activeTimeIntervals,
    routes,
    key: parent ? `${parent.key}/${text}` : text,
    path: [...(parent?.path ?? []), text],
  };
  for (const child of config.routes) routes.push(buildRoute(child, route));
  return route;
}

/** The labels that an alert's group is known by. */
export function groupLabels(route: Route, labels: Labels): Labels {
  return route.groupBy === '...' ? labels : labels.keep(route.groupBy);
}

/** Alertmanager's key of a group: `{}/{severity="page"}:{alertname="NodeDown"}`. */
export function groupKey(route: Route, labels: Labels): string {
  return `${route.key}:${labelSetText(labels)}`;
}

/** A label set as Alertmanager prints it. */
export function labelSetText(labels: Labels): string {
  return `{${labels.pairs.map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`;
}
