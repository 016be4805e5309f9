// Reads the rows of the truth table.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type RowStory, rowFields } from './story.ts';

const expectation = z.strictObject({
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'stopped', 'error']),
  exit: z.number(),
  resilience: z.enum(['pass', 'fail', 'inconclusive']).nullable().optional(),
  detection: z.enum(['pass', 'fail', 'inconclusive']).nullable().optional(),
  reason: z.string().nullable().optional(),
  fault: z.string().optional(),
  /** Name to verdict; of alerts with labels beside `job`, `name{label="value"}`. */
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
  /** What every row starts from. */
  given: story,
  rows: z.array(
    story.extend({
      row: z.string(),
      /** Why this verdict is the right one. */
      because: z.string(),
      projection: z.boolean().optional(),
      /** Why Debian's Prometheus and Alertmanager cannot play it. */
      remote: z.strictObject({ skip: z.string() }).optional(),
      expect: expectation,
    }),
  ),
});

export type Expectation = z.output<typeof expectation>;

export interface Row {
  readonly table: string;
  readonly name: string;
  readonly story: RowStory;
  readonly projection: boolean;
  readonly remote: { readonly skip: string } | undefined;
  readonly expected: Expectation;
}

export function readRows(): Row[] {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .flatMap((file) => {
      const { given, rows } = table.parse(parse(readFileSync(join(import.meta.dirname, file), 'utf8')));
      return rows.map(({ row, because: _because, projection, remote, expect, ...own }) => ({
        table: file.replace('.yaml', ''),
        name: row,
        story: { ...given, ...own, experiment: { ...given.experiment, ...own.experiment } },
        projection: projection ?? true,
        remote,
        expected: expect,
      }));
    });
}
