// Earlier evaluations of gates, in one small file that a CI cache can carry: what relative criteria compare with.

import { z } from 'zod';
import { UserError } from '../../../base/diagnostics.ts';
import type { GateEvaluation, PastEvaluation } from './evaluate.ts';

/** Of each gate; more than any comparison looks at. */
const keptMax = 1000;

const entry = z.object({
  name: z.string(),
  /** Unix milliseconds of the evaluated time. */
  fromMs: z.number(),
  toMs: z.number(),
  result: z.enum(['pass', 'warning', 'fail', 'inconclusive']),
  score: z.number(),
  values: z.record(
    z.string(),
    z.object({ value: z.number(), status: z.enum(['pass', 'warning', 'fail', 'info', 'no-data']) }),
  ),
});

const historySchema = z.object({ schemaVersion: z.literal(1), evaluations: z.array(entry) });

export type HistoryEntry = z.output<typeof entry>;

/** Throws FD763 when the text is no history: it is never overwritten unread. */
export function parseHistory(file: string, text: string): HistoryEntry[] {
  try {
    return historySchema.parse(JSON.parse(text)).evaluations;
  } catch {
    throw UserError.of('FD763', `${file} is no history of gates`);
  }
}

/** Of one gate, the newest first. */
export function pastOf(history: readonly HistoryEntry[], name: string): PastEvaluation[] {
  return history.filter((each) => each.name === name).sort((a, b) => b.toMs - a.toMs);
}

export function withEvaluation(
  history: readonly HistoryEntry[],
  evaluation: GateEvaluation,
  of: { readonly name: string; readonly fromMs: number; readonly toMs: number },
): string {
  const values = Object.fromEntries(
    evaluation.objectives.flatMap(({ sli, measured, status }) =>
      'value' in measured && Number.isFinite(measured.value)
        ? [[sli, { value: measured.value, status }]]
        : [],
    ),
  );
  const added = [...history, { ...of, result: evaluation.result, score: evaluation.score, values }];
  const own = added.filter(({ name }) => name === of.name);
  const dropped = new Set(own.slice(0, Math.max(0, own.length - keptMax)));
  const evaluations = added.filter((each) => !dropped.has(each));
  return `${JSON.stringify({ schemaVersion: 1, evaluations }, null, 1)}\n`;
}
