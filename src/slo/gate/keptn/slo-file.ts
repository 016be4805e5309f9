// Keptn's slo.yaml: which indicators count, what they have to meet, and how many points make a pass.

import { z } from 'zod';
import type { Place } from '../../../base/diagnostics.ts';
import { complain, text } from '../../../base/scalars.ts';
import { checkYaml, type Parsed, parseYaml } from '../../../base/yaml.ts';
import { type AggregateFunction, aggregateFunctions } from './aggregate.ts';
import { type Criterion, criterionExpected, readCriterion } from './criterion.ts';

/** All of them have to be met. */
export type CriteriaSet = readonly Criterion[];

export interface KeptnObjective {
  readonly sli: string;
  readonly displayName?: string;
  readonly weight: number;
  /** Without it the whole gate fails. */
  readonly keySli: boolean;
  /** One set is enough. Empty: the objective only informs. */
  readonly pass: readonly CriteriaSet[];
  readonly warning: readonly CriteriaSet[];
  readonly at: Place;
}

export interface Comparison {
  /** How many earlier evaluations are looked at, the newest first. */
  readonly count: number;
  readonly include: 'all' | 'pass' | 'pass_or_warn';
  readonly aggregate: AggregateFunction;
}

export interface KeptnSlo {
  readonly filter: Readonly<Record<string, string>>;
  readonly comparison: Comparison;
  readonly objectives: readonly KeptnObjective[];
  /** Shares of the highest score, in percent. */
  readonly totalScore: { readonly pass: number; readonly warning?: number };
}

const criterion = z.string().transform((value, context) => {
  const read = readCriterion(value);
  if (read.ok) return read.criterion;
  const { offset, length } = read;
  complain(context, 'FD760', read.message, { expected: criterionExpected, offset, length });
  return z.NEVER;
});

const criteriaSets = z
  .array(z.strictObject({ criteria: z.array(criterion).min(1) }))
  .nullish()
  .transform((sets) => (sets ?? []).map(({ criteria }) => criteria));

const objective = z.strictObject({
  sli: text,
  displayName: z.string().optional(),
  // Keptn takes 0 for an absent weight.
  weight: z.number().int().min(0).default(1),
  key_sli: z.boolean().default(false),
  pass: criteriaSets,
  warning: criteriaSets,
});

const comparison = z.strictObject({
  compare_with: z.enum(['single_result', 'several_results']).default('single_result'),
  include_result_with_score: z.enum(['all', 'pass', 'pass_or_warn']).default('all'),
  number_of_comparison_results: z.number().int().min(1).max(1000).default(3),
  aggregate_function: z.enum(aggregateFunctions).default('avg'),
});

const scoreExpected = 'a share of the score such as "90%"';

const score = z.union([z.string(), z.number()]).transform((value, context) => {
  const match = /^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(String(value));
  if (match) return Number(match[1]);
  complain(context, 'FD105', `${JSON.stringify(value)} is no share of the score`, {
    expected: scoreExpected,
  });
  return z.NEVER;
});

const sloSchema = z.strictObject({
  spec_version: z
    .union([z.string(), z.number()])
    .optional()
    .superRefine((version, context) => {
      if (version === undefined || /^(0\.1|1)(\.0)*$/.test(String(version))) return;
      complain(context, 'FD105', `spec_version ${version} is not known`, { expected: '"1.0"' });
    }),
  filter: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
    .nullish()
    .transform((filter) => filter ?? {}),
  comparison: comparison.optional(),
  objectives: z.array(objective).min(1),
  total_score: z.strictObject({ pass: score, warning: score.optional() }),
});

/** Whether a document is most likely Keptn's, which names no version of an API. */
export function isKeptnSlo(value: unknown): boolean {
  if (value === null || typeof value !== 'object' || 'apiVersion' in value) return false;
  return 'objectives' in value && ['total_score', 'comparison', 'spec_version'].some((key) => key in value);
}

export function readKeptnSlo(file: string, source: string): Parsed<KeptnSlo> {
  const document = parseYaml(file, source);
  if (!document.ok) return document;
  const checked = checkYaml(document.value, sloSchema);
  if (!checked.ok) return checked;
  const { filter, objectives, total_score } = checked.value;
  return {
    ok: true,
    value: {
      filter,
      comparison: comparisonOf(checked.value.comparison),
      objectives: objectives.map(({ sli, displayName, weight, key_sli, pass, warning }, index) => ({
        sli,
        ...(displayName && { displayName }),
        weight: weight || 1,
        keySli: key_sli,
        pass,
        warning,
        at: document.value.placeOf(['objectives', index]),
      })),
      totalScore: {
        pass: total_score.pass,
        ...(total_score.warning !== undefined && { warning: total_score.warning }),
      },
    },
  };
}

/** Compared with one result, the number of results says nothing. */
function comparisonOf(given: z.output<typeof comparison> | undefined): Comparison {
  if (!given) return { count: 1, include: 'all', aggregate: 'avg' };
  return {
    count: given.compare_with === 'single_result' ? 1 : given.number_of_comparison_results,
    include: given.include_result_with_score,
    aggregate: given.aggregate_function,
  };
}
