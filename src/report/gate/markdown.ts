// A gate as a comment on a merge request: a table, and the three that cost most as small pictures.

import type { GateReport } from '../../slo/gate/gate-report.ts';
import { code, plain, table } from '../markdown-parts.ts';
import { condense, sparkline } from '../sparkline.ts';
import {
  boundsText,
  nameText,
  periodText,
  pointsText,
  valueText,
  verdictMarks,
  worstChecks,
} from './words.ts';

const pictureWidth = 40;

export function renderGateMarkdown(report: GateReport): string {
  const { checks, verdict, name, reason } = report;
  const pictures = worstChecks(checks, 3);
  return `${[
    `### ${verdictMarks[verdict]} ${plain(name)}: ${verdict}`,
    plain(reason),
    table(
      ['', 'objective', 'value', 'wanted', 'points', 'why'],
      checks.map((check) => [
        verdictMarks[check.verdict],
        plain(nameText(check)),
        valueText(check.value),
        boundsText(check) === '' ? '' : code(boundsText(check)),
        pointsText(check),
        plain(check.reason),
      ]),
    ),
    ...pictures.map(
      (check) =>
        `${code(sparkline(condense(check.curve, pictureWidth, 'highest'), pictureWidth))} ${plain(check.name)}`,
    ),
    `<sub>${plain(periodText(report))}, ${plain(report.source)}</sub>`,
  ].join('\n\n')}\n`;
}
