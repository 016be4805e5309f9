// A gate as OpenMetrics text, which GitLab compares between a merge request and its target branch
// (https://docs.gitlab.com/ci/testing/metrics_reports/), and any Prometheus can scrape from a file.

import type { GateReport } from '../../slo/gate/gate-report.ts';

export function renderGateOpenMetrics(report: GateReport): string {
  const gate = `gate="${labelText(report.name)}"`;
  const lines = [
    '# TYPE firedrill_gate_verdict stateset',
    ...['pass', 'warning', 'fail', 'inconclusive'].map(
      (verdict) =>
        `firedrill_gate_verdict{${gate},firedrill_gate_verdict="${verdict}"} ${verdict === report.verdict ? 1 : 0}`,
    ),
    ...(report.score
      ? [
          '# TYPE firedrill_gate_score_percent gauge',
          `firedrill_gate_score_percent{${gate}} ${number(report.score.percent)}`,
        ]
      : []),
    '# TYPE firedrill_gate_value gauge',
    ...report.checks.flatMap(({ name, value }) =>
      value === null ? [] : [`firedrill_gate_value{${gate},objective="${labelText(name)}"} ${number(value)}`],
    ),
    '# EOF',
  ];
  return `${lines.join('\n')}\n`;
}

function labelText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}
