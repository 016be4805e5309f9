// What a listed alert, and the budget of what it guards, would have come to had the fault stayed: times that nobody saw, each
// marked so, with what was assumed. They decide nothing by themselves (project.ts does, in one direction).

import { UserError } from '../../base/diagnostics.ts';
import { parseExpr } from '../../promql/parser.ts';
import type { AlertProjection } from '../verdict.ts';
import { budgetedOf } from './budgeted.ts';
import type { AlertCase, AlertFinding } from './finding.ts';
import type { Held } from './held-run.ts';
import {
  assumption,
  effectIsLevel,
  firstFiringHeldOn,
  isOutThroughout,
  notificationWaitMs,
} from './project.ts';
import { formatQuantity, unitOf } from './quantity.ts';

/** Of what has fired, only a notification that the undo overtook is still open. */
const overtaken: ReadonlySet<AlertFinding['verdict']> = new Set(['would-ring', 'underpowered']);

/** Undefined for an alert whose way was seen to its end or that owes no ringing, and where nothing can be said. */
export function projectedTimes(alert: AlertCase, { verdict }: AlertFinding): AlertProjection | undefined {
  const { spec, history, rules } = alert;
  if (!alert.projection || rules.length === 0 || spec.expect === 'quiet' || spec.expect === 'any')
    return undefined;
  const held = alert.held.get();
  if (!held || (history.firing.length > 0 && !overtaken.has(verdict))) return undefined;
  const limits = limitsOf(alert, held);
  const isKnown = limits.length > 0 ? isOutThroughout(alert, held.half) : effectIsLevel(alert, held.half);
  if (!isKnown || !inputsAreKnown(alert, held)) return undefined;
  try {
    return projection(alert, held, limits);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function projection(alert: AlertCase, held: Held, limits: readonly string[]): AlertProjection {
  const { spec, rules, history } = alert;
  const fired = history.firing[0]?.from;
  const firings = rules.flatMap((rule) => {
    const at = fired ?? firstFiringHeldOn(alert, rule, held);
    const waitMs = notificationWaitMs(spec.notifies, rule) ?? null;
    return at === null ? [] : [{ at, toldAt: waitMs === null ? null : at + waitMs }];
  });
  const [first] = firings.toSorted((a, b) => a.at - b.at);
  const notifiesAt = spec.notifies ? (first?.toldAt ?? null) : null;
  return {
    assumption: assumption(held.half),
    heldFrom: held.half.toMs,
    lookedUntil: held.untilMs,
    firesAt: first?.at ?? null,
    notifiesAt,
    budgets: budgetsOf(alert, held, notifiesAt ?? first?.at ?? null),
    limits,
  };
}

function inputsAreKnown({ rules }: AlertCase, { projector }: Held): boolean {
  return rules.every((rule) => projector.inputsOf(rule.expr).every(({ kind }) => kind !== 'unknown'));
}

/** In words, where gauges that the rules read end: `process_open_fds at process_max_fds (1024)`. */
function limitsOf({ rules }: AlertCase, { projector }: Held): string[] {
  const found = rules.flatMap((rule) =>
    projector.inputsOf(rule.expr).flatMap(({ labels, reached }) => {
      if (!reached) return [];
      const { what, value } = reached.limit;
      const metric = parseExpr(labels.name);
      const shown = metric.ok && what.includes('_') ? ` (${formatQuantity(value, unitOf(metric.expr))})` : '';
      return [`${labels.name} at ${what}${shown}`];
    }),
  );
  return [...new Set(found)];
}

/** Of each objective that it guards: what is spent when somebody is told, and when nothing is left. */
function budgetsOf(
  { guarded, facts, recording, injectedAt }: AlertCase,
  { half }: Held,
  atMs: number | null,
): AlertProjection['budgets'] {
  return guarded.flatMap(({ spec }) => {
    const budgeted = budgetedOf(spec, facts, recording);
    const level = budgeted?.badShare(half.fromMs, half.toMs);
    const before = budgeted?.badShare(injectedAt, half.toMs);
    if (!budgeted || level === undefined || before === undefined || level <= 0) return [];
    const wholeMs = budgeted.windowMs * budgeted.errorBudget;
    const spentMs = before * (half.toMs - injectedAt);
    const exhaustedAt = half.toMs + Math.max(0, wholeMs - spentMs) / level;
    return [
      {
        objective: spec.name,
        window: budgeted.windowText,
        spent: atMs === null ? null : (spentMs + Math.max(0, atMs - half.toMs) * level) / wholeMs,
        exhaustedAt: Math.round(exhaustedAt),
      },
    ];
  });
}
