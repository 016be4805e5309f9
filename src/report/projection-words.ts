// What a projection says, in one or two lines that every report shares.

import { humanDuration } from '../base/duration.ts';
import { formatQuantity } from '../experiment/judge/quantity.ts';
import type { AlertProjection, AlertVerdict } from '../experiment/verdict.ts';
import { relativeTime } from './moment.ts';

/** Without a capital letter and a full stop; `zeroMs` is the injection. Undefined without a projection. */
export function projectionLine({ predicted }: AlertVerdict, zeroMs: number): string | undefined {
  const projection = predicted?.projection;
  return projection && `${timesOf(projection, zeroMs)}${budgetWords(projection, zeroMs)}`;
}

/** What it assumes, and where trends stop. */
export function assumptionWords({ assumption, limits }: AlertProjection): string {
  return limits.length === 0 ? assumption : `${assumption}, trends up to their limits: ${limits.join(', ')}`;
}

function timesOf(projection: AlertProjection, zeroMs: number): string {
  const { firesAt, notifiesAt, lookedUntil } = projection;
  if (firesAt === null)
    return `it would not fire within ${humanDuration(lookedUntil - zeroMs)} of the injection`;
  const notifies = notifiesAt === null ? '' : `, would notify at ${relativeTime(notifiesAt, zeroMs)}`;
  return `it would fire at ${relativeTime(firesAt, zeroMs)}${notifies}`;
}

function budgetWords({ budgets }: AlertProjection, zeroMs: number): string {
  return budgets
    .map(({ objective, window, spent, exhaustedAt }) => {
      const by =
        spent === null ? '' : `${formatQuantity(spent, 'ratio')} of the budget of ${window} spent by then, `;
      return `; ${objective}: ${by}all of it at ${relativeTime(exhaustedAt, zeroMs)}`;
    })
    .join('');
}
