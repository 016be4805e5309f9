// Questions that all gates ask of a source of metrics.

import { exitCodes } from '../../base/catalogue.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { QueriedSample, Querier } from '../../promql/querier.ts';
import type { Answer, Ask } from './answer.ts';
import type { Measured } from './keptn/evaluate.ts';

/** One number at one time, or why there is none: a gate decides on one value, so that several series are no answer. */
export async function measureAt(querier: Querier, query: string, atMs: number): Promise<Measured> {
  const samples = await querier.instant(query, atMs);
  if (samples.length === 0) return { missing: 'no series', query };
  if (samples.length > 1) return { missing: `${samples.length} series where one is needed`, query };
  const { value } = samples[0]!;
  return Number.isNaN(value) ? { missing: 'its value is not a number', query } : { value, query };
}

/** Points of the only series, a gap where it has none; undefined when there are several series. */
export async function curveOf(
  querier: Querier,
  query: string,
  fromMs: number,
  toMs: number,
  steps: number,
): Promise<(number | null)[] | undefined> {
  const stepMs = Math.max(1, Math.floor((toMs - fromMs) / Math.max(1, steps - 1)));
  const series = await querier.range(query, fromMs, toMs, stepMs);
  if (series.length > 1) return undefined;
  const byTime = new Map<number, number>();
  const [only] = series;
  for (let i = 0; i < (only?.times.length ?? 0); i++) byTime.set(only!.times[i]!, only!.values[i]!);
  const times = Array.from(
    { length: Math.floor((toMs - fromMs) / stepMs) + 1 },
    (_, i) => fromMs + i * stepMs,
  );
  return times.map((atMs) => byTime.get(atMs) ?? null);
}

/** What Argo's analyses ask: any number of series. A source that does not answer is an error of that measurement. */
export function asker(querier: Querier): Ask {
  return async (query, atMs): Promise<Answer> => {
    let samples: readonly QueriedSample[];
    try {
      samples = await querier.instant(query, atMs);
    } catch (error) {
      if (!(error instanceof UserError) || error.exitCode !== exitCodes.toolError) throw error;
      return { type: 'error', message: error.message };
    }
    const [first] = samples;
    const isScalar =
      samples.length === 1 && first!.labels.pairs.length === 0 && /^\s*(?:scalar|time)\s*\(/.test(query);
    if (isScalar) return { type: 'scalar', value: first!.value };
    return { type: 'vector', values: samples.map(({ value }) => value) };
  };
}
