// The routing tree as amtool draws it.

import type { Labels } from '../../base/labels.ts';
import { matchesAll } from '../../base/matcher.ts';
import type { Route } from '../dispatch/route.ts';
import { matchersText } from '../matcher/matcher.ts';

interface Branch {
  readonly text: string;
  readonly branches: readonly Branch[];
}

/** Every route with its receiver; ends with a line break. */
export function routingTreeText(root: Route): string {
  const branch = (route: Route): Branch => ({
    text: [
      matchersOrDefault(route),
      ...(route.continue ? ['continue: true'] : []),
      `receiver: ${route.receiver}`,
    ].join('  '),
    branches: route.routes.map(branch),
  });
  return drawn(branch(root));
}

/** The routes that an alert goes through, and the receivers where it ends; ends with a line break. */
export function matchingTreeText(root: Route, labels: Labels): string {
  const branch = (route: Route): Branch => {
    const taken = takenRoutes(route, labels);
    const text = matchersOrDefault(route);
    return {
      text: taken.length > 0 ? text : `${text}  receiver: ${route.receiver}`,
      branches: taken.map(branch),
    };
  };
  return drawn(branch(root));
}

function takenRoutes(route: Route, labels: Labels): Route[] {
  const matching = route.routes.filter((child) => matchesAll(child.matchers, labels));
  const last = matching.findIndex((child) => !child.continue);
  return last < 0 ? matching : matching.slice(0, last + 1);
}

function matchersOrDefault({ matchers }: Route): string {
  return matchers.length === 0 ? 'default-route' : matchersText(matchers);
}

function drawn(root: Branch): string {
  const lines = ['.'];
  const draw = ({ text, branches }: Branch, indent: string, isLast: boolean): void => {
    lines.push(`${indent}${isLast ? '└── ' : '├── '}${text}`);
    // No-break spaces beside the line: so it stands in amtool's output.
    const inner = `${indent}${isLast ? '    ' : '│\u00a0\u00a0 '}`;
    branches.forEach((branch, i) => {
      draw(branch, inner, i === branches.length - 1);
    });
  };
  draw(root, '', true);
  return `${lines.join('\n')}\n`;
}
