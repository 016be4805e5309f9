// A gate on the terminal: one screen, a line a check.

import { formatDuration } from '../../base/duration.ts';
import type { GateCheck, GateReport, GateVerdict } from '../../slo/gate/gate-report.ts';
import { visible } from '../plain-text.ts';
import { sparkline } from '../sparkline.ts';
import type { Tone } from '../standing.ts';
import { paintFor, type TerminalOptions, usableWidth } from '../terminal/paint.ts';
import { fitted, textWidth, truncated } from '../terminal/text-width.ts';
import { boundsText, nameText, periodText, pointsText, valueText, worstChecks } from './words.ts';

const tones: Readonly<Record<GateVerdict | 'info', Tone>> = {
  pass: 'good',
  warning: 'warn',
  fail: 'bad',
  inconclusive: 'unsure',
  info: 'plain',
};

const curveWidth = 24;

export function renderGateText(report: GateReport, options: TerminalOptions): string {
  const paint = paintFor(options.color);
  const width = usableWidth(options.width);
  const rows = report.checks.map((check) => [
    check.verdict,
    visible(nameText(check)),
    valueText(check.value),
    boundsText(check),
    pointsText(check),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => textWidth(row[column]!))));
  const line = (row: readonly string[], check: GateCheck) => {
    const [verdict, ...rest] = row.map((cell, column) => padded(cell, widths[column]!, column === 2));
    return `  ${paint.tone[tones[check.verdict]](verdict!)}  ${rest.join('  ').trimEnd()}`;
  };
  const lines = report.checks.flatMap((check, index) => [
    line(rows[index]!, check),
    ...(check.reason === '' || check.verdict === 'pass'
      ? []
      : [`    ${paint.quiet(truncated(visible(check.reason), width - 4))}`]),
  ]);
  const pictures = worstChecks(report.checks, 3);
  return `${[
    `${paint.tone[tones[report.verdict]](report.verdict.toUpperCase())}  ${paint.strong(visible(report.name))}  ${visible(report.reason)}`,
    paint.quiet(
      `${periodText(report)} (${formatDuration(report.toMs - report.fromMs)}), ${visible(report.source)}`,
    ),
    '',
    ...lines,
    ...(pictures.length > 0
      ? ['', ...pictures.map((check) => `  ${sparkline(check.curve, curveWidth)}  ${visible(check.name)}`)]
      : []),
  ].join('\n')}\n`;
}

function padded(text: string, width: number, right: boolean): string {
  return right ? ' '.repeat(Math.max(0, width - textWidth(text))) + text : fitted(text, width);
}
