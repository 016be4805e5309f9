// A gate as annotations of GitHub Actions: one for each check that is not right, and one for the gate.

import type { GateReport, GateVerdict } from '../../slo/gate/gate-report.ts';
import { type Annotation, annotationText } from '../annotations.ts';
import { boundsText, nameText, valueText } from './words.ts';

const levels: Readonly<Partial<Record<GateVerdict | 'info', Annotation['level']>>> = {
  fail: 'error',
  inconclusive: 'error',
  warning: 'warning',
};

export function renderGateGithub(report: GateReport): string {
  const annotations = report.checks.flatMap((check): Annotation[] => {
    const level = levels[check.verdict];
    if (level === undefined) return [];
    const value = check.value === null ? check.verdict : valueText(check.value);
    const message = `${value}, wanted ${boundsText(check)}: ${check.reason}`;
    return [{ level, title: `${report.name}: ${nameText(check)}`, message }];
  });
  const { name, verdict, reason } = report;
  const whole = {
    level: levels[verdict] ?? 'notice',
    title: name,
    message: `${verdict}: ${reason}`,
  } as const;
  return [...annotations, whole].map(annotationText).join('');
}
