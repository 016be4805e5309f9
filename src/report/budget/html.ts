// Budgets as one HTML file: a card with a picture for each objective, those that need a reader's attention first.

import type { Budget } from '../../slo/budget/budget.ts';
import { brand } from '../html/brand.ts';
import { type Markup, markup } from '../html/markup.ts';
import { page } from '../html/page.ts';
import { calendarDay, wallTime } from '../moment.ts';
import type { Tone } from '../standing.ts';
import { budgetChart } from './chart.ts';
import {
  countsText,
  exhaustionText,
  extentText,
  percentText,
  promiseText,
  rateText,
  sliText,
  statusWords,
  titleOf,
  toneOf,
} from './words.ts';

export interface BudgetsPage {
  readonly budgets: readonly Budget[];
  readonly atMs: number;
  /** As it may be shown. */
  readonly source: string;
}

export function renderBudgetsHtml({ budgets, atMs, source }: BudgetsPage): string {
  const exhausted = budgets.filter(({ status }) => status === 'exhausted').length;
  const unknown = budgets.filter(({ status }) => status === 'no-data').length;
  const title = `Error budgets: ${exhausted} of ${budgets.length} exhausted${unknown > 0 ? `, ${unknown} without data` : ''}`;
  const urgentFirst = [...budgets].sort((a, b) => (a.left ?? 2) - (b.left ?? 2));
  return page(
    title,
    markup`<main>
<header class="headline">
<p class="eyebrow">${brand} <span>${source}</span></p>
<h1>${title}</h1>
<p class="when">${calendarDay(atMs)}, ${wallTime(atMs)} UTC</p>
</header>
<section aria-label="Budgets">
${urgentFirst.map(card)}
</section>
${budgets.some(({ burnRates }) => burnRates.some(({ isPartial }) => isPartial)) && markup`<p class="when">* The data do not reach back that far.</p>`}
</main>`,
  );
}

const marks: Readonly<Record<Tone, string>> = { good: '✓', bad: '✗', unsure: '?', warn: '!', plain: '·' };

function card(budget: Budget): Markup {
  const title = titleOf(budget);
  const tone = toneOf(budget);
  const word = budget.status === 'left' ? `${percentText(budget.left)} left` : statusWords(budget);
  const extent = extentText(budget);
  return markup`<article class="card budget-card">
<header><h3>${budget.displayName ?? title}</h3><span class="word tone-${tone}"><span aria-hidden="true">${marks[tone]}</span> ${word}</span></header>
<p class="aside">${budget.displayName !== null && `${title}, `}${promiseText(budget)}, service ${budget.service}</p>
${extent !== undefined && markup`<p class="notes">There are data of ${extent}. All numbers are those of this data.</p>`}
${budget.problem !== null && markup`<p class="notes">${budget.problem}</p>`}
${budget.curve.length > 1 && markup`<figure>${budgetChart(budget, title)}</figure>`}
${budget.status !== 'no-data' && facts(budget)}
</article>
`;
}

function facts(budget: Budget): Markup {
  const list: readonly (readonly [string, string])[] = [
    ...(budget.sli === null ? [] : [['Measured', sliText(budget.sli)] as const]),
    ['Budget left', percentText(budget.left)],
    ...(budget.status === 'left' ? [['Exhausted', exhaustionText(budget)] as const] : []),
    ...(budget.counts ? [['Counted', countsText(budget)!] as const] : []),
    ...budget.parts.map(
      ({ displayName, target, weight, sli, spent }, i) =>
        [
          displayName ?? `Part ${i}`,
          `${sliText(sli)} of ${target}, weight ${weight}${spent === null ? '' : `, spent ${percentText(spent)}`}`,
        ] as const,
    ),
  ];
  return markup`<dl class="evidence">${list.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}<div><dt>Burn rate over</dt><dd><ul class="burn-rates">${budget.burnRates.map(
    (rate) =>
      markup`<li><span class="aside">${rate.over}</span> <strong${(rate.rate ?? 0) > 1 && markup` class="burns"`}>${rateText(rate)}</strong></li>`,
  )}</ul></dd></div></dl>`;
}
