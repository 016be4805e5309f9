// Every form in which a result can be read, by the name that `--report` and `--format` give it.

import { writeFile } from 'node:fs/promises';
import { UserError } from '../base/diagnostics.ts';
import { renderHtml } from '../report/html/render.ts';
import type { ReportInput } from '../report/input.ts';
import { renderJson } from '../report/json.ts';
import { renderJunit } from '../report/junit.ts';
import { renderMarkdown } from '../report/markdown.ts';

const renderers = {
  html: renderHtml,
  markdown: renderMarkdown,
  junit: renderJunit,
  json: (input: ReportInput) => renderJson(input.verdict, input.experiment.secrets),
} as const satisfies Record<string, (input: ReportInput) => string>;

export type ReportFormat = keyof typeof renderers;

export interface WantedReport {
  readonly format: ReportFormat;
  readonly file: string;
}

export function renderReport(format: ReportFormat, input: ReportInput): string {
  return renderers[format](input);
}

/** `junit=FILE`. */
export function parseWantedReport(text: string): WantedReport {
  const [format, ...rest] = text.split('=');
  const file = rest.join('=');
  if (!Object.hasOwn(renderers, format!) || file === '') {
    throw UserError.of('FD105', `--report ${text}`, {
      expected: `KIND=FILE with KIND one of ${Object.keys(renderers).join(', ')}`,
    });
  }
  return { format: format as ReportFormat, file };
}

export async function writeReport({ format, file }: WantedReport, input: ReportInput): Promise<void> {
  await writeText(file, renderReport(format, input));
}

/** To a file, or to standard output when it is called `-`. */
export async function writeOut(file: string, text: string): Promise<void> {
  if (file === '-') process.stdout.write(text);
  else await writeText(file, text);
}

/** FD807 when the file cannot be written. */
export async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw UserError.of('FD807', `the report ${file} cannot be written: ${(error as Error).message}`);
  }
}
