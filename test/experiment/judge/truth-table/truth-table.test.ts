// The truth table: every row has one right verdict. The rows are data, in *.yaml beside this file.

import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../../../src/experiment/judge/exit-code.ts';
import { judge } from '../../../../src/experiment/judge/judge.ts';
import type { Verdict } from '../../../../src/experiment/verdict.ts';
import { drivenScenarioOf } from './chain.ts';
import { type Expectation, type Row, readRows } from './rows.ts';
import { type Scenario, scenarioOf } from './scenario.ts';

const rows = readRows();

for (const table of new Set(rows.map((row) => row.table))) {
  describe(`truth table: ${table}`, () => {
    test.each(rows.filter((row) => row.table === table))('$name', (row) => check(row, scenarioOf(row.story)));
  });
}

describe('driven through our own rules and routing', () => {
  // Where a remote tells the states of alerts, there are no rules of ours to run.
  const driven = rows.filter((row) => row.story.source !== 'remote');
  test.each(driven)('$name', (row) => check(row, drivenScenarioOf(row.story)));
});

function check({ projection, expected }: Row, { experiment, timeline, recording }: Scenario): void {
  const verdict = judge(experiment, timeline, recording, { projection });
  const { says, ...verdicts } = expected;
  expect(summary(verdict, expected)).toEqual(verdicts);
  for (const words of says ?? []) expect(textOf(verdict)).toContain(words);
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
