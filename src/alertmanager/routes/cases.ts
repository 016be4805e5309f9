// Routing held against a file of alerts and the receivers that they shall reach.

import { z } from 'zod';
import { Labels } from '../../base/labels.ts';
import { checkYaml, type Parsed, parseYaml } from '../../base/yaml.ts';
import { scalarText, sourceTextOf, textRecordOf } from '../../rules/scalar-text.ts';
import type { Route } from '../dispatch/route.ts';
import { matchRoutes, type RoutedTo } from '../dispatch/routing.ts';
import { type WrongTurn, wrongTurn } from './misrouted.ts';

export interface RouteCase {
  /** Empty when the file gives none. */
  readonly name: string;
  readonly line: number;
  readonly labels: Labels;
  readonly receivers: readonly string[];
}

export interface RouteCaseResult {
  readonly routeCase: RouteCase;
  readonly routed: readonly RoutedTo[];
  readonly missing: readonly { readonly receiver: string; readonly turn: WrongTurn | undefined }[];
  readonly unexpected: readonly RoutedTo[];
}

const casesSchema = z.array(
  z.strictObject({
    name: scalarText.optional(),
    labels: z.record(z.string(), scalarText),
    receivers: z.array(scalarText).min(1),
  }),
);

export function readRouteCases(file: string, text: string): Parsed<RouteCase[]> {
  const document = parseYaml(file, text);
  if (!document.ok) return document;
  const checked = checkYaml(document.value, casesSchema);
  if (!checked.ok) return checked;
  const value = checked.value.map(
    ({ name, labels, receivers }, i): RouteCase => ({
      name: sourceTextOf(document.value, name, [i, 'name']),
      line: document.value.placeOf([i]).line,
      labels: Labels.from(textRecordOf(document.value, labels, [i, 'labels'])),
      receivers: receivers.map((receiver, j) => sourceTextOf(document.value, receiver, [i, 'receivers', j])),
    }),
  );
  return { ok: true, value };
}

/** Receivers count as often as they are reached; their order does not matter. */
export function tryRouteCase(root: Route, routeCase: RouteCase): RouteCaseResult {
  const routed = matchRoutes(root, routeCase.labels);
  const unexpected = [...routed];
  const missing = routeCase.receivers.filter((receiver) => {
    const at = unexpected.findIndex((way) => way.receiver === receiver);
    if (at >= 0) unexpected.splice(at, 1);
    return at < 0;
  });
  return {
    routeCase,
    routed,
    missing: missing.map((receiver) => ({ receiver, turn: wrongTurn(root, routeCase.labels, receiver) })),
    unexpected,
  };
}
