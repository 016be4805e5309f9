import { exitCodes } from '../../base/catalogue.ts';
import { renderTerminal } from '../../report/terminal/render.ts';
import { readPastRun } from '../past-run.ts';
import { type ReportFormat, renderReport, writeText } from '../reports.ts';
import { print, terminalOptions, warn } from '../surroundings.ts';

export interface ReportOptions {
  readonly runs: string;
  readonly format: ReportFormat | 'text';
  readonly to?: string;
}

export async function report(run: string, options: ReportOptions): Promise<number> {
  const past = await readPastRun(run, options.runs, true);
  for (const warning of past.warnings) warn(warning);
  const text =
    options.format === 'text' ? renderTerminal(past, terminalOptions()) : renderReport(options.format, past);
  if (options.to === undefined) print(text);
  else await writeText(options.to, text);
  return exitCodes.pass;
}
