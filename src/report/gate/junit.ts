// A gate as JUnit XML: a case an objective. What has no data is an error, not a skip: skipped cases look harmless.

import type { GateCheck, GateReport } from '../../slo/gate/gate-report.ts';
import { escaped, quoted } from '../xml.ts';
import { boundsText, nameText, valueText } from './words.ts';

const outcomes = { fail: 'failure', inconclusive: 'error' } as const;

function outcomeOf({ verdict }: GateCheck): 'failure' | 'error' | undefined {
  return Object.hasOwn(outcomes, verdict) ? outcomes[verdict as keyof typeof outcomes] : undefined;
}

export function renderGateJunit(report: GateReport): string {
  const cases = [wholeGate(report), ...report.checks];
  const count = (outcome: string) => cases.filter((check) => outcomeOf(check) === outcome).length;
  const counts = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}"`;
  const time = ((report.toMs - report.fromMs) / 1000).toFixed(3);
  const timestamp = new Date(report.fromMs).toISOString().slice(0, 19);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name=${quoted(report.name)} ${counts} time="${time}">`,
    `  <testsuite name=${quoted(report.name)} ${counts} skipped="0" time="${time}" timestamp="${timestamp}">`,
    ...cases.flatMap((check) => caseLines(check, report.name)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** The score may be lost though no single objective failed. */
function wholeGate({ verdict, reason }: GateReport): GateCheck {
  return { name: 'the whole gate', verdict, value: null, bounds: [], reason, query: '', curve: [] };
}

function caseLines(check: GateCheck, className: string): string[] {
  const outcome = outcomeOf(check);
  const value = check.value === null ? '' : `value ${valueText(check.value)}`;
  const wanted = check.bounds.length === 0 ? '' : `wanted ${boundsText(check)}`;
  const text = [check.reason, value, wanted, check.query].filter((line) => line !== '').join('\n');
  return [
    `    <testcase name=${quoted(nameText(check))} classname=${quoted(className)} time="0.000">`,
    outcome === undefined
      ? `      <system-out>${escaped(`${check.verdict}\n${text}`)}</system-out>`
      : `      <${outcome} message=${quoted(check.reason)} type=${quoted(check.verdict)}>${escaped(text)}</${outcome}>`,
    '    </testcase>',
  ];
}
