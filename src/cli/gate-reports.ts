// Every form in which a gate can be read, by the name that `--report` gives it.

import { UserError } from '../base/diagnostics.ts';
import { renderGateGithub } from '../report/gate/github.ts';
import { renderGateJunit } from '../report/gate/junit.ts';
import { renderGateMarkdown } from '../report/gate/markdown.ts';
import { renderGateOpenMetrics } from '../report/gate/openmetrics.ts';
import type { GateReport } from '../slo/gate/gate-report.ts';
import { writeOut } from './reports.ts';

const renderers = {
  github: renderGateGithub,
  json: (report: GateReport) => `${JSON.stringify(report, null, 2)}\n`,
  junit: renderGateJunit,
  markdown: renderGateMarkdown,
  openmetrics: renderGateOpenMetrics,
} as const satisfies Record<string, (report: GateReport) => string>;

export interface WantedGateReport {
  readonly format: keyof typeof renderers;
  /** `-` is standard output. */
  readonly file: string;
}

/** `junit=FILE`. */
export function parseGateReport(text: string): WantedGateReport {
  const [format = '', ...rest] = text.split('=');
  const file = rest.join('=');
  if (Object.hasOwn(renderers, format) && file !== '')
    return { format: format as WantedGateReport['format'], file };
  throw UserError.of('FD105', `--report ${text}`, {
    expected: `KIND=FILE with KIND one of ${Object.keys(renderers).join(', ')}`,
  });
}

export async function writeGateReport({ format, file }: WantedGateReport, report: GateReport): Promise<void> {
  await writeOut(file, renderers[format](report));
}
