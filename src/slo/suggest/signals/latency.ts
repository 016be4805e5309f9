// How long things take: classic histograms with their buckets, and native ones.

import { type Candidate, type Detector, kebab } from '../candidate.ts';
import { type Metric, type Metrics, selector, valuesOf } from '../metrics.ts';

export const latencies: Detector = (metrics) => metrics.all().flatMap((metric) => of(metric, metrics));

const durations = /(?:^|_)(?:duration|latency|latencies|elapsed|time)(?:_|$)|_(?:seconds|milliseconds|ms)$/;
/** Histograms of something else that happens to be measured in these. */
const notDurations = /_(?:bytes|size|range|age)(?:_|$)/;
/** Of the language's own runtime, which no user waits for. */
const runtime = /^(?:go|jvm|python|nodejs|process)_/;

function of(metric: Metric, metrics: Metrics): Candidate[] {
  const { name, job, type } = metric;
  const base = name.replace(/_bucket$/, '');
  if (!durations.test(base) || notDurations.test(base) || runtime.test(base)) return [];
  const common = { signal: 'latency' as const, name: kebab(base), job, about: `${base} of at most %` };
  const isClassic = name !== base && metrics.of(`${base}_count`, job) !== undefined;
  if (isClassic) {
    const bounds = valuesOf(metric, 'le').filter((bound) => Number.isFinite(Number(bound)));
    if (bounds.length === 0) return [];
    return [
      {
        ...common,
        kind: 'buckets',
        metric: base,
        bounds: bounds.sort((a, b) => Number(a) - Number(b)),
        probe: selector(`${base}_count`, job),
        metrics: [name, `${base}_count`],
      },
    ];
  }
  if (type !== 'histogram' || name !== base || metrics.of(`${base}_bucket`, job)) return [];
  return [
    {
      ...common,
      kind: 'native-histogram',
      selector: selector(base, job),
      probe: selector(base, job),
      metrics: [base],
    },
  ];
}
