// The truth table: every row has one right verdict. The rows are data, in *.yaml beside this file.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { exitCodeOf } from '../../../../src/experiment/judge/exit-code.ts';
import { judge } from '../../../../src/experiment/judge/judge.ts';
import type { Verdict } from '../../../../src/experiment/verdict.ts';
import { type RowStory, rowFields, scenarioOf } from './scenario.ts';

const expectation = z.strictObject({
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'stopped', 'error']),
  exit: z.number(),
  resilience: z.enum(['pass', 'fail', 'inconclusive']).nullable().optional(),
  detection: z.enum(['pass', 'fail', 'inconclusive']).nullable().optional(),
  reason: z.string().nullable().optional(),
  fault: z.string().optional(),
  /** Name to verdict; of alerts with labels, `name{label="value"}`. */
  objectives: z.record(z.string(), z.string()).optional(),
  alerts: z.record(z.string(), z.string()).optional(),
  collateral: z.record(z.string(), z.string()).optional(),
  detectedBy: z.record(z.string(), z.array(z.string()).nullable()).optional(),
  notes: z.array(z.string()).optional(),
  projected: z.boolean().optional(),
  /** Each must stand in the sentence of the run or in an item's reason. */
  says: z.array(z.string()).optional(),
});

const story = z.strictObject(rowFields).partial();
const table = z.strictObject({
  given: story,
  rows: z.array(
    story.extend({
      row: z.string(),
      /** Why this verdict is the right one. */
      because: z.string(),
      projection: z.boolean().optional(),
      expect: expectation,
    }),
  ),
});

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'));

for (const file of files) {
  const { given, rows } = table.parse(
    parse(readFileSync(join(import.meta.dirname, file), 'utf8'), { merge: true }),
  );
  describe(`truth table: ${file.replace('.yaml', '')}`, () => {
    test.each(rows)('$row', ({ row: _row, because: _because, expect: expected, projection, ...own }) => {
      const merged = { ...given, ...own, experiment: { ...given.experiment, ...own.experiment } };
      const { experiment, timeline, recording } = scenarioOf(merged as RowStory);
      const verdict = judge(experiment, timeline, recording, projection === undefined ? {} : { projection });
      if (process.env.SHOW) console.log(_row, JSON.stringify(verdict, null, 1));
      expect(summary(verdict, expected)).toEqual(withoutSays(expected));
      for (const words of expected.says ?? []) expect(textOf(verdict)).toContain(words);
    });
  });
}

/** Of the verdict, what the row speaks of. */
function summary(verdict: Verdict, expected: z.output<typeof expectation>) {
  const all = {
    verdict: verdict.verdict,
    exit: exitCodeOf(verdict, { gate: 'both' }),
    resilience: verdict.resilience,
    detection: verdict.detection,
    reason: verdict.reason,
    fault: verdict.faults[0]?.verdict,
    objectives: Object.fromEntries(verdict.objectives.map(({ name, verdict }) => [name, verdict])),
    alerts: Object.fromEntries(
      verdict.alerts.map((alert) => [entryName(alert.name, alert.labels), alert.verdict]),
    ),
    collateral: Object.fromEntries(verdict.collateral.map(({ name, judgement }) => [name, judgement])),
    detectedBy: Object.fromEntries(verdict.objectives.map(({ name, detectedBy }) => [name, detectedBy])),
    notes: verdict.alerts.flatMap((alert) => alert.notes.map((note) => note.kind)),
    projected: verdict.alerts.some((alert) => alert.projected !== null),
  };
  return Object.fromEntries(Object.entries(all).filter(([key]) => key in expected));
}

function entryName(name: string, labels: Readonly<Record<string, string>>): string {
  const more = Object.entries(labels).filter(([label]) => label !== 'job');
  return more.length === 0
    ? name
    : `${name}{${more.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}

function withoutSays({ says: _, ...rest }: z.output<typeof expectation>) {
  return rest;
}

function textOf(verdict: Verdict): string {
  const items = [...verdict.objectives, ...verdict.alerts, ...verdict.faults, ...verdict.collateral];
  return [verdict.sentence, ...items.map((item) => item.reason)].join('\n');
}
