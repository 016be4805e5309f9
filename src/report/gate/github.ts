// A gate as annotations of GitHub Actions: workflow commands on standard output
// (https://docs.github.com/actions/reference/workflow-commands-for-github-actions).

import type { GateReport, GateVerdict } from '../../slo/gate/gate-report.ts';
import { visibleLines } from '../plain-text.ts';
import { boundsText, nameText, valueText } from './words.ts';

const levels: Readonly<Partial<Record<GateVerdict | 'info', string>>> = {
  fail: 'error',
  inconclusive: 'error',
  warning: 'warning',
};

export function renderGateGithub(report: GateReport): string {
  const lines = report.checks.flatMap((check) => {
    const level = levels[check.verdict];
    if (level === undefined) return [];
    const value = check.value === null ? check.verdict : valueText(check.value);
    return [
      `::${level} title=${property(`${report.name}: ${nameText(check)}`)}::${data(`${value}, wanted ${boundsText(check)}: ${check.reason}`)}`,
    ];
  });
  const level = levels[report.verdict] ?? 'notice';
  return `${[...lines, `::${level} title=${property(report.name)}::${data(`${report.verdict}: ${report.reason}`)}`].join('\n')}\n`;
}

function data(text: string): string {
  return visibleLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
