// slo budget: what is left of error budgets, and how fast they burn.

import { type ExitCode, exitCodes } from '../../base/catalogue.ts';
import { UserError } from '../../base/diagnostics.ts';
import { renderBudgetsHtml } from '../../report/budget/html.ts';
import { renderBudgetsText } from '../../report/budget/text.ts';
import type { Budget } from '../../slo/budget/budget.ts';
import { readBudgets } from '../../slo/budget/read-budget.ts';
import { writeOut } from '../reports.ts';
import { readSloFiles } from '../slo-files.ts';
import { openSource, querierOf, type SourceOptions } from '../source.ts';
import { print, printJson, terminalOptions } from '../surroundings.ts';
import { durationOption, numberOption, timeOption } from '../time-option.ts';

export interface SloBudgetOptions extends SourceOptions {
  readonly at?: string;
  readonly curveStep: string;
  readonly failBelow?: string;
  readonly report?: readonly string[];
  readonly enableFeature?: readonly string[];
  readonly output: 'text' | 'json';
}

export async function sloBudget(paths: readonly string[], options: SloBudgetOptions): Promise<number> {
  const htmlFiles = (options.report ?? []).map(htmlFile);
  const curveStepMs = durationOption('--curve-step', options.curveStep);
  const leastPercent =
    options.failBelow === undefined ? undefined : numberOption('--fail-below', options.failBelow);
  const objectives = await readSloFiles(paths, options.enableFeature);
  const source = await openSource(options);
  try {
    const atMs = timeOption('--at', options.at, source.endMs) ?? source.endMs;
    const { querier, pageMs } = querierOf(source);
    const budgets: Budget[] = [];
    for (const objective of objectives)
      budgets.push(...(await readBudgets(objective, querier, { atMs, curveStepMs, pageMs })));
    const shown = 'api' in source ? source.api.shownUrl : options.source;
    if (options.output === 'json') printJson({ schemaVersion: 1, atMs, source: shown, budgets });
    else print(renderBudgetsText(budgets, terminalOptions()));
    for (const file of htmlFiles) await writeOut(file, renderBudgetsHtml({ budgets, atMs, source: shown }));
    return exitCodeOf(budgets, leastPercent);
  } finally {
    if ('api' in source) await source.api.close();
  }
}

/** A report is no judgement, unless it is asked for one: then what is not known is no pass. */
function exitCodeOf(budgets: readonly Budget[], leastPercent: number | undefined): ExitCode {
  const isUnknown = ({ status }: Budget) => status === 'no-data';
  if (leastPercent === undefined) return budgets.every(isUnknown) ? exitCodes.inconclusive : exitCodes.pass;
  if (budgets.some(({ left }) => left !== null && left * 100 < leastPercent)) return exitCodes.fail;
  return budgets.some(isUnknown) ? exitCodes.inconclusive : exitCodes.pass;
}

function htmlFile(text: string): string {
  const file = text.startsWith('html=') ? text.slice('html='.length) : '';
  if (file !== '') return file;
  throw UserError.of('FD105', `--report ${text}`, { expected: '--report html=FILE' });
}
