// An alert that reached somebody else: its way through the routing tree, and the first matcher that kept it off the
// way to the receivers that were expected. Alertmanager goes down depth first, and the first child that matches takes
// an alert from its siblings unless it says `continue`
// (https://prometheus.io/docs/alerting/latest/configuration/#route).

import { AlertMatcher, matchersText } from '../../alertmanager/matcher/matcher.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { PlannedRoute } from '../timeline.ts';
import { matchersOf } from './inhibition-rule.ts';

interface Step {
  readonly route: PlannedRoute;
  readonly parent: Step | undefined;
}

/** `{} > {team="shop"}`: from the root to the route that has this receiver and takes these labels; none without one. */
export function wayTaken(root: PlannedRoute, labels: LabelRecord, receiver: string): string | undefined {
  const end = takers({ route: root, parent: undefined }, labels).find(
    ({ route }) => route.receiver === receiver,
  );
  return (
    end &&
    stepsTo(end)
      .map(({ route }) => textOf(route))
      .join(' > ')
  );
}

/** What kept these labels off every route to the receiver, at the one that they came nearest to. */
export function wayMissed(root: PlannedRoute, labels: LabelRecord, receiver: string): string {
  const ways = allSteps({ route: root, parent: undefined })
    .filter(({ route }) => route.receiver === receiver)
    .map((end) => branchOff(stepsTo(end), labels))
    .filter((branch) => branch !== undefined);
  if (ways.length === 0) return `no route leads to ${receiver}`;
  return ways.reduce((nearest, way) => (way.depth > nearest.depth ? way : nearest)).why;
}

interface BranchOff {
  /** How many routes of the way were taken. */
  readonly depth: number;
  readonly why: string;
}

/** The first step of a way that the labels do not take; undefined when they take it all. */
function branchOff(way: readonly Step[], labels: LabelRecord): BranchOff | undefined {
  for (const [depth, { route, parent }] of way.entries()) {
    const failing = matchersOf(route.matchers).find(
      (matcher) => !matcher.matches(labels[matcher.name] ?? ''),
    );
    if (failing) return { depth, why: `the way there asks for ${failing}, and ${has(labels, failing.name)}` };
    const siblings = parent?.route.routes ?? [];
    const taker = siblings
      .slice(0, siblings.indexOf(route))
      .find((sibling) => !sibling.continue && takes(sibling, labels));
    if (taker) return { depth, why: `the route ${textOf(taker)} stands before it and takes the alert` };
  }
  const end = way.at(-1)!.route;
  const child = end.routes.find((route) => takes(route, labels));
  return child && { depth: way.length, why: `its child ${textOf(child)} takes the alert from it` };
}

function has(labels: LabelRecord, name: string): string {
  const value = labels[name] ?? '';
  return value === '' ? `it has no ${name}` : `it has ${new AlertMatcher(name, '=', value)}`;
}

function takers(step: Step, labels: LabelRecord): Step[] {
  if (!takes(step.route, labels)) return [];
  const found: Step[] = [];
  for (const route of step.route.routes) {
    const taken = takers({ route, parent: step }, labels);
    found.push(...taken);
    if (taken.length > 0 && !route.continue) break;
  }
  return found.length > 0 ? found : [step];
}

function takes(route: PlannedRoute, labels: LabelRecord): boolean {
  return matchersOf(route.matchers).every((matcher) => matcher.matches(labels[matcher.name] ?? ''));
}

function allSteps(step: Step): Step[] {
  return [step, ...step.route.routes.flatMap((route) => allSteps({ route, parent: step }))];
}

function stepsTo(step: Step): Step[] {
  return [...(step.parent ? stepsTo(step.parent) : []), step];
}

function textOf(route: PlannedRoute): string {
  return matchersText(matchersOf(route.matchers));
}
