// How much of an error budget a fault spent: a bar as long as the whole budget, and what it means.

import type { SpentBudget } from '../../spent-budget.ts';
import { type Markup, markup } from '../markup.ts';

const widthUnits = 1000;
/** What was spent is seen, however little it is. */
const unitsMin = 4;

/** For the head of a lane: beside the chart. */
export function budgetBar({ share, spent }: SpentBudget): Markup {
  const width = share === 0 ? 0 : Math.min(widthUnits, Math.max(unitsMin, Math.round(share * widthUnits)));
  return markup`<div class="budget"><svg viewBox="0 0 ${widthUnits} 8" preserveAspectRatio="none" role="img" aria-label="Spent: ${spent}"><rect class="budget-whole" width="${widthUnits}" height="8"/><rect class="budget-spent" width="${width}" height="8"/></svg><span class="lane-note">${spent} spent</span></div>`;
}

/** Facts that the sentence above and the bar tell already. */
export const toldOfBudget: ReadonlySet<string> = new Set(['error budget spent', 'burn rate']);

export function budgetStory(budget: SpentBudget): Markup {
  return markup`<p class="aside">${budget.explained}</p>`;
}
