// Which receivers an alert reaches, and by which way through the tree.

import type { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import type { Route } from './route.ts';

export interface RoutedTo {
  readonly route: Route;
  readonly receiver: string;
  /** The matchers from the root to the route, as text: `['{}', '{severity="page"}']`. */
  readonly path: readonly string[];
}

/**
 * Depth first, in the order of the file: a matching child takes the alert from its parent, and from its later
 * siblings too unless it says `continue`. Empty when the root itself does not match, which no valid file has.
 */
export function matchRoutes(root: Route, labels: Labels): RoutedTo[] {
  return matching(root, labels).map((route) => ({ route, receiver: route.receiver, path: route.path }));
}

function matching(route: Route, labels: Labels): Route[] {
  if (!matchesAll(route.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of route.routes) {
    const matches = matching(child, labels);
    found.push(...matches);
    if (matches.length > 0 && !child.continue) break;
  }
  return found.length > 0 ? found : [route];
}
