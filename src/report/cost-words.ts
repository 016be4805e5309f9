// What the drill cost, in a line for each objective with a budget.

import { humanDuration } from '../base/duration.ts';
import { formatQuantity } from '../experiment/judge/quantity.ts';
import type { ObjectiveCost } from '../experiment/verdict.ts';

/** A sentence or two; the objective's name is told by the caller. */
export function costLine(cost: ObjectiveCost): string {
  const { budgetShare, badEvents, events, badMs, wholeOutageMs } = cost;
  const share = formatQuantity(budgetShare, 'ratio');
  const counted =
    badEvents === null || events === null
      ? `${humanDuration(badMs)} of bad time`
      : `${badEvents} of ${events} events were bad`;
  return `At its traffic the drill cost ${share} of a 30-day budget (${counted}; ${humanDuration(wholeOutageMs)} of total outage spend it all).${pagingWords(cost)}`;
}

function pagingWords({ pagesAfter, unpagedMs, wholeOutageMs }: ObjectiveCost): string {
  if (pagesAfter === null) return unpagedMs === null ? ' No alert pages for an outage of any length.' : '';
  const pages = ` A total outage pages after ${humanDuration(pagesAfter.ms)} at the earliest (${pagesAfter.alert})`;
  if (unpagedMs === null) return `${pages}.`;
  const share = formatQuantity(unpagedMs / wholeOutageMs, 'ratio');
  return `${pages}; one of up to ${humanDuration(unpagedMs)} may page nobody, and costs ${share}.`;
}
