// An analysis of Argo Rollouts, as the checks that all outputs read.

import type { Querier } from '../../../promql/querier.ts';
import { asker } from '../ask.ts';
import type { GateCheck } from '../gate-report.ts';
import { analyse, type MetricAnalysis } from './analyse.ts';
import type { AnalysisTemplate } from './template.ts';

export async function runAnalysis(
  template: AnalysisTemplate,
  querier: Querier,
  fromMs: number,
  toMs: number,
): Promise<GateCheck[]> {
  const { metrics } = await analyse(template, asker(querier), fromMs, toMs);
  return metrics.map(checkOf);
}

function checkOf({ metric, measurements, result, reason }: MetricAnalysis): GateCheck {
  const { name, query, successCondition, failureCondition, isDryRun } = metric;
  const values = measurements.map(({ value }) => onlyNumber(value));
  return {
    name,
    verdict: isDryRun ? 'info' : result,
    value: values.at(-1) ?? null,
    bounds: [successCondition?.text, failureCondition && `not ${failureCondition.text}`].filter(
      (text): text is string => text !== undefined,
    ),
    reason: isDryRun ? `dry run (${result}): ${reason}` : reason,
    query,
    curve: values,
  };
}

/** Of `[0.99]` or `0.99`; nothing of several. */
function onlyNumber(text: string | undefined): number | null {
  const value = Number(text?.replace(/^\[(.*)\]$/, '$1') || 'none');
  return Number.isNaN(value) ? null : value;
}
