// Budgets on the terminal: a line for each objective, and under it how fast it burns.

import type { Budget } from '../../slo/budget/budget.ts';
import { visible } from '../plain-text.ts';
import { condense, sparkline } from '../sparkline.ts';
import { type Paint, paintFor, type TerminalOptions, usableWidth } from '../terminal/paint.ts';
import { fitted, textWidth, truncated, wrapped } from '../terminal/text-width.ts';
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

const curveWidth = 20;
const titleWidthMax = 44;

export function renderBudgetsText(budgets: readonly Budget[], options: TerminalOptions): string {
  const paint = paintFor(options.color);
  const width = usableWidth(options.width);
  const titleWidth = Math.min(
    titleWidthMax,
    Math.max(...budgets.map((one) => textWidth(visible(titleOf(one))))),
  );
  const leftWidth = Math.max(...budgets.map((one) => textWidth(leftText(one))));
  const blocks = budgets.map((budget) => {
    const left = ' '.repeat(leftWidth - textWidth(leftText(budget))) + leftText(budget);
    const head = `${paint.strong(fitted(visible(titleOf(budget)), titleWidth))}  ${paint.tone[toneOf(budget)](left)}`;
    const room = width - titleWidth - leftWidth - 4;
    const picture =
      room >= curveWidth && budget.curve.length > 1 ? `  ${paint.quiet(curveText(budget))}` : '';
    return [`${head}${picture}`, ...details(budget, paint, width - 2)].join('\n  ');
  });
  const isPartial = budgets.some(({ burnRates }) => burnRates.some((rate) => rate.isPartial));
  const note = isPartial ? `\n\n${paint.quiet('* the data do not reach back that far')}` : '';
  return `${blocks.join('\n\n')}${note}\n`;
}

function leftText(budget: Budget): string {
  return budget.status === 'left' ? `${percentText(budget.left)} left` : statusWords(budget);
}

/** From full to empty: the scale does not follow the values. */
function curveText({ curve }: Budget): string {
  const values = condense(
    curve.map(({ left }) => Math.min(1, Math.max(0, left))),
    curveWidth,
    'lowest',
  );
  return sparkline([0, ...values], curveWidth + 1, 1).slice(1);
}

function details(budget: Budget, paint: Paint, width: number): string[] {
  if (budget.status === 'no-data')
    return [promiseText(budget), visible(budget.problem ?? '')].map((line) =>
      paint.quiet(truncated(line, width)),
    );
  const extent = extentText(budget);
  const facts = [
    promiseText(budget),
    ...(budget.sli === null ? [] : [`measured ${sliText(budget.sli)}`]),
    ...(budget.status === 'exhausted' ? [`budget at ${percentText(budget.left)}`] : []),
    ...(extent === undefined ? [] : [`data of ${extent}`]),
  ].join(', ');
  const rates = budget.burnRates.map((rate) => `${rate.over} ${rateText(rate)}`).join('  ');
  const counts = countsText(budget);
  return [
    ...wrapped(facts, width),
    ...wrapped(`burns at  ${rates}`.replaceAll('  ', '\u00a0 '), width).map((line) =>
      line.replaceAll('\u00a0', ' '),
    ),
    ...(budget.status === 'left' ? [`exhausted ${exhaustionText(budget)}`] : []),
    ...(counts === undefined ? [] : [counts]),
    ...budget.parts.map(
      ({ displayName, target, weight, sli, spent }, i) =>
        `part ${visible(displayName ?? String(i))}: ${sliText(sli)} of ${target}, weight ${weight}${spent === null ? '' : `, spent ${percentText(spent)}`}`,
    ),
  ].map((line, i) => (i === 0 ? line : paint.quiet(line)));
}
