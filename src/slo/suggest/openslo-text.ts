// Suggestions as a file of OpenSLO v1, with what they rest on in comments.

import { Document } from 'yaml';
import { humanDuration } from '../../base/duration.ts';
import type { Sli } from '../objective.ts';
import { percent } from './choose.ts';
import type { Suggestion, Suggestions } from './suggest.ts';

const displayNameLengthMax = 63;
const periodText = '30d';

export function openSloText({ suggestions, fromMs, toMs }: Suggestions): string {
  const head = [
    '# Objectives suggested by `firedrill slo suggest`, from a baseline of',
    `# ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()} (${humanDuration(toMs - fromMs)}).`,
    '# A suggestion says what the service kept, not what its users need: read each before you promise it.',
    '',
  ];
  return `${head.join('\n')}${suggestions.map(documentText).join('')}`;
}

function documentText(suggestion: Suggestion): string {
  const document = new Document(sloOf(suggestion));
  const comment = [`${suggestion.signal}: ${suggestion.about}`, ...evidence(suggestion)];
  return `---\n${comment.map((line) => `# ${line}\n`).join('')}${document.toString({ lineWidth: 0 })}`;
}

/** How the numbers came about, a line each. */
export function evidence({ target, measured, replay, why }: Suggestion): string[] {
  const { events, bad } = measured;
  const rings = `${replay.pages} ${replay.pages === 1 ? 'page' : 'pages'}, ${replay.tickets} ${replay.tickets === 1 ? 'ticket' : 'tickets'}`;
  return [
    ...(why.limit ? [`limit: ${why.limit}`] : []),
    `target ${target.text} %: ${why.target}`,
    `baseline: ${percent(1 - bad)} good of ${Math.round(events)} events; it would have spent ${percent(replay.budgetSpent)} of a ${periodText} budget, with ${rings}`,
  ];
}

function sloOf({ id, service, signal, about, sli, target }: Suggestion): unknown {
  return {
    apiVersion: 'openslo/v1',
    kind: 'SLO',
    metadata: { name: id, displayName: id.slice(0, displayNameLengthMax), labels: { signal } },
    spec: {
      description: `${about[0]!.toUpperCase()}${about.slice(1)}.`,
      service,
      indicator: { metadata: { name: `${id}`.slice(0, displayNameLengthMax) }, spec: indicatorOf(sli) },
      timeWindow: [{ duration: periodText, isRolling: true }],
      budgetingMethod: 'Occurrences',
      objectives: [
        {
          ...(sli.type === 'threshold' && { op: sli.op, value: sli.value }),
          targetPercent: Number(target.text),
        },
      ],
    },
  };
}

function indicatorOf(sli: Sli): unknown {
  const source = (query: string) => ({ metricSource: { type: 'Prometheus', spec: { query } } });
  switch (sli.type) {
    case 'threshold':
      return { thresholdMetric: source(sli.query.promql) };
    case 'raw':
      return { ratioMetric: { counter: false, rawType: sli.rawType, raw: source(sli.query.promql) } };
    case 'ratio': {
      const side = sli.good ? { good: source(sli.good.promql) } : { bad: source(sli.bad.promql) };
      return { ratioMetric: { counter: true, ...side, total: source(sli.total.promql) } };
    }
  }
}
