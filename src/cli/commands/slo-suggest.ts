// slo suggest: objectives that a baseline has kept, as OpenSLO.

import { exitCodes } from '../../base/catalogue.ts';
import { humanDuration } from '../../base/duration.ts';
import { evidence, openSloText } from '../../slo/suggest/openslo-text.ts';
import { type LeftOut, type Suggestion, type Suggestions, suggest } from '../../slo/suggest/suggest.ts';
import { type BaselineOptions, withBaseline } from '../baseline.ts';
import { colorsOf } from '../color.ts';
import { writeText } from '../reports.ts';
import { print, printJson } from '../surroundings.ts';

export interface SloSuggestOptions extends BaselineOptions {
  readonly service?: string;
  readonly write?: string;
  readonly output: 'text' | 'json';
}

/** Inconclusive when nothing can be suggested: a pipeline that waits for a file should not go on without one. */
export async function sloSuggest(options: SloSuggestOptions): Promise<number> {
  const found = await withBaseline(options, (baseline, metrics) =>
    suggest(metrics, baseline, options.service),
  );
  if (options.output === 'json') printJson(jsonOf(found));
  else print(textOf(found, options.write));
  if (found.suggestions.length === 0) return exitCodes.inconclusive;
  if (options.write !== undefined) await writeText(options.write, openSloText(found));
  return exitCodes.pass;
}

function textOf(found: Suggestions, written: string | undefined): string {
  const { suggestions, leftOut, fromMs, toMs } = found;
  const { bold, dim } = colorsOf(process.stdout);
  const parts = suggestions.map(
    (each) =>
      `${bold(each.id)}  ${each.target.text} % of ${each.about}\n${evidence(each)
        .map((line) => dim(`    ${line}`))
        .join('\n')}`,
  );
  const head = `${suggestions.length} ${suggestions.length === 1 ? 'objective' : 'objectives'} from a baseline of ${humanDuration(toMs - fromMs)}`;
  const tail =
    suggestions.length === 0
      ? []
      : [written === undefined ? 'Write them as OpenSLO with --write FILE.' : `Written to ${written}.`];
  return [head, ...parts, ...leftOutText(leftOut), ...tail].join('\n\n');
}

/** Together by reason: one exporter has dozens of counters that nothing happens to. */
function leftOutText(leftOut: readonly LeftOut[]): string[] {
  if (leftOut.length === 0) return [];
  const byReason = new Map<string, string[]>();
  for (const { name, job, reason } of leftOut)
    byReason.set(reason, [...(byReason.get(reason) ?? []), job === '' ? name : `${job}/${name}`]);
  const lines = [...byReason].map(([reason, names]) => `  ${reason}: ${names.join(', ')}`);
  return [`Left out:\n${lines.join('\n')}`];
}

function jsonOf({ fromMs, toMs, periodMs, suggestions, leftOut }: Suggestions): unknown {
  return {
    schemaVersion: 1,
    from: fromMs / 1000,
    to: toMs / 1000,
    periodDays: periodMs / 86_400_000,
    suggestions: suggestions.map(suggestionJson),
    leftOut,
  };
}

function suggestionJson(suggestion: Suggestion): unknown {
  const { id, service, signal, about, metrics, sli, target, measured, replay, why } = suggestion;
  const queries =
    sli.type === 'ratio'
      ? { ...(sli.good ? { good: sli.good.promql } : { bad: sli.bad.promql }), total: sli.total.promql }
      : { query: sli.query.promql };
  return {
    ...{ id, service, signal, about, metrics },
    sli: { type: sli.type, ...queries, ...(sli.type === 'threshold' && { op: sli.op, value: sli.value }) },
    targetPercent: target.percent,
    why: { target: why.target, limit: why.limit ?? null },
    baseline: {
      events: measured.events,
      bad: measured.bad,
      worst: measured.worst,
      worstWindowSeconds: measured.windowMs / 1000,
    },
    wouldHave: replay,
  };
}
