// Holds the verdict on a scenario against what its row expects.

import { expect } from 'vitest';
import { exitCodeOf } from '../../../../src/experiment/judge/exit-code.ts';
import { judge } from '../../../../src/experiment/judge/judge.ts';
import type { Verdict } from '../../../../src/experiment/verdict.ts';
import type { Expectation, Row } from './rows.ts';
import type { Scenario } from './scenario.ts';

/** Words name exact times, which only virtual time keeps. */
export function check(
  { projection, expected }: Row,
  { experiment, timeline, recording }: Scenario,
  { words }: { readonly words: boolean },
): void {
  const verdict = judge(experiment, timeline, recording, { projection });
  const { says, ...verdicts } = expected;
  expect(summary(verdict, expected), textOf(verdict)).toEqual(verdicts);
  if (words) for (const text of says ?? []) expect(textOf(verdict)).toContain(text);
}

/** Of the verdict, what the row speaks of. */
function summary(verdict: Verdict, expected: Expectation) {
  const all = {
    verdict: verdict.verdict,
    exit: exitCodeOf(verdict, { gate: 'both' }),
    resilience: verdict.resilience,
    detection: verdict.detection,
    reason: verdict.reason,
    fault: verdict.faults[0]?.verdict,
    objectives: Object.fromEntries(verdict.objectives.map((item) => [item.name, item.verdict])),
    alerts: Object.fromEntries(
      verdict.alerts.map((item) => [entryName(item.name, item.labels), item.verdict]),
    ),
    collateral: Object.fromEntries(verdict.collateral.map((item) => [item.name, item.judgement])),
    detectedBy: Object.fromEntries(verdict.objectives.map((item) => [item.name, item.detectedBy])),
    notes: verdict.alerts.flatMap((item) => item.notes.map((note) => note.kind)),
    projected: verdict.alerts.some((item) => item.projected !== null),
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in expected));
}

function entryName(name: string, labels: Readonly<Record<string, string>>): string {
  const more = Object.entries(labels).filter(([label]) => label !== 'job');
  return more.length === 0
    ? name
    : `${name}{${more.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}

function textOf(verdict: Verdict): string {
  const items = [...verdict.objectives, ...verdict.alerts, ...verdict.faults, ...verdict.collateral];
  return [verdict.sentence, ...items.map((item) => item.reason)].join('\n');
}
