// The routing tree as the plan needs it: where an alert goes, and the whole tree for the judge, who tells where
// another way branched off.

import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import { buildRoute, type Route } from '../../alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../alertmanager/dispatch/routing.ts';
import type { AlertMatcher } from '../../alertmanager/matcher/matcher.ts';
import { Labels } from '../../base/labels.ts';
import type { JudgedPlan, PlannedMatcher, PlannedRoute } from '../timeline.ts';
import type { Routing } from './alerts.ts';

export function routingOf(config: AlertmanagerConfig | undefined): Routing {
  if (!config) return () => [];
  const root = buildRoute(config.route);
  return (labels) =>
    matchRoutes(root, Labels.from(labels)).map(({ route, receiver, path }) => ({
      receiver,
      path,
      groupWaitMs: route.groupWaitMs,
      groupIntervalMs: route.groupIntervalMs,
      repeatIntervalMs: route.repeatIntervalMs,
      sendResolved:
        config.receivers
          .find(({ name }) => name === receiver)
          ?.integrations.some(({ sendResolved }) => sendResolved) ?? false,
    }));
}

/** What the judge needs of the configuration; nothing without one. */
export function judgedRouting(
  config: AlertmanagerConfig | undefined,
): Pick<JudgedPlan, 'routing' | 'inhibitions'> {
  if (!config) return {};
  return {
    routing: plannedRoute(buildRoute(config.route)),
    inhibitions: config.inhibitRules.map(({ sourceMatchers, targetMatchers, equal }) => ({
      source: sourceMatchers.map(plannedMatcher),
      target: targetMatchers.map(plannedMatcher),
      equal,
    })),
  };
}

function plannedMatcher({ name, operator, value }: AlertMatcher): PlannedMatcher {
  return { name, operator, value };
}

function plannedRoute(route: Route): PlannedRoute {
  return {
    receiver: route.receiver,
    matchers: route.matchers.map(plannedMatcher),
    continue: route.continue,
    routes: route.routes.map(plannedRoute),
  };
}
