// Why an alert does not reach a receiver: how far down the tree it would have had to go, and what sent it the other
// way there.

import type { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import type { Route } from '../dispatch/route.ts';
import { matchersText } from '../matcher/matcher.ts';

export interface WrongTurn {
  /** Matchers from the root down to the route of the receiver that was wanted. */
  readonly wanted: readonly string[];
  /** A sentence without its full stop. */
  readonly reason: string;
  /** How many routes of the wanted path the alert got through. */
  readonly depth: number;
}

/** The wrong turn on the way to the route that came nearest; undefined when no route leads to the receiver. */
export function wrongTurn(root: Route, labels: Labels, receiver: string): WrongTurn | undefined {
  const turns = routesTo(root, receiver).map((route) => turnTowards(route, labels));
  return turns.reduce<WrongTurn | undefined>(
    (nearest, turn) => (nearest && nearest.depth >= turn.depth ? nearest : turn),
    undefined,
  );
}

function routesTo(route: Route, receiver: string): Route[] {
  const own = route.receiver === receiver ? [route] : [];
  return [...own, ...route.routes.flatMap((child) => routesTo(child, receiver))];
}

function turnTowards(route: Route, labels: Labels): WrongTurn {
  const path = lineage(route);
  const wanted = path.map(({ matchers }) => matchersText(matchers));
  for (const [depth, step] of path.entries()) {
    const reason = refusal(step, labels) ?? takenBefore(step, labels);
    if (reason !== undefined) return { wanted, depth, reason };
  }
  const child = route.routes.find(({ matchers }) => matchesAll(matchers, labels));
  const reason = child
    ? `the route ${matchersText(child.matchers)} below it takes the alert`
    : 'it is reached, but not as often';
  return { wanted, depth: path.length, reason };
}

function lineage(route: Route): Route[] {
  return [...(route.parent ? lineage(route.parent) : []), route];
}

/** The first matcher that the alert does not pass. */
function refusal({ matchers }: Route, labels: Labels): string | undefined {
  const failed = matchers.find((matcher) => !matcher.matches(labels.get(matcher.name)));
  if (!failed) return undefined;
  const value = labels.get(failed.name);
  const has = value === '' ? `has no label ${failed.name}` : `has ${failed.name}=${JSON.stringify(value)}`;
  return `${failed} does not match: the alert ${has}`;
}

/** The sibling before it that takes the alert and lets it go no further. */
function takenBefore(route: Route, labels: Labels): string | undefined {
  const siblings = route.parent?.routes ?? [];
  const earlier = siblings
    .slice(0, siblings.indexOf(route))
    .find((sibling) => !sibling.continue && matchesAll(sibling.matchers, labels));
  return (
    earlier && `the route ${matchersText(earlier.matchers)} before it takes the alert, without continue: true`
  );
}
