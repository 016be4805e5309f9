// The routing tree as the plan needs it: where an alert goes, and the whole tree for the judge, who tells where
// another way branched off.

import type { AlertmanagerConfig } from '../../alertmanager/config/model.ts';
import { buildRoute, type Route } from '../../alertmanager/dispatch/route.ts';
import { matchRoutes } from '../../alertmanager/dispatch/routing.ts';
import { Labels } from '../../base/labels.ts';
import type { PlannedRoute } from '../timeline.ts';
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
      sendResolved:
        config.receivers
          .find(({ name }) => name === receiver)
          ?.integrations.some(({ sendResolved }) => sendResolved) ?? false,
    }));
}

export function plannedRoutes(config: AlertmanagerConfig): PlannedRoute {
  return plannedRoute(buildRoute(config.route));
}

function plannedRoute(route: Route): PlannedRoute {
  return {
    receiver: route.receiver,
    matchers: route.matchers.map(({ name, operator, value }) => ({ name, operator, value })),
    continue: route.continue,
    groupWaitMs: route.groupWaitMs,
    groupIntervalMs: route.groupIntervalMs,
    repeatIntervalMs: route.repeatIntervalMs,
    routes: route.routes.map(plannedRoute),
  };
}
