// SLI: what is measured, as a threshold on one query or as a ratio of two (or one query that is a ratio already).

import { z } from 'zod';
import { complain } from '../../../base/scalars.ts';
import { always, description, exactlyOne, nonEmpty, objectName, presentKeys } from '../scalars.ts';

const metricSource = z
  .strictObject({
    metricSourceRef: objectName.optional(),
    type: nonEmpty.optional(),
    spec: z.record(z.string(), z.unknown()).superRefine((spec, context) => {
      if (Object.keys(spec).length === 0)
        complain(context, 'FD107', 'is empty', { expected: 'the query, such as `query: up`' });
    }),
  })
  .superRefine((source, context) => {
    if (presentKeys(source, ['metricSourceRef', 'type']).length === 0)
      complain(context, 'FD107', 'has neither type nor metricSourceRef', {
        expected: 'type: Prometheus, or the name of a DataSource',
      });
  });

const metric = z.strictObject({ metricSource });

/** The fields of a ratio, for any version's shape of a metric. */
function ratioMetricOf<T extends z.ZodType>(metric: T) {
  return z
    .strictObject({
      counter: z.boolean().optional(),
      good: metric.optional(),
      bad: metric.optional(),
      total: metric.optional(),
      rawType: z.enum(['success', 'failure']).optional(),
      raw: metric.optional(),
    })
    .superRefine(checkRatio, always);
}

/** Either total with good or bad, or raw with rawType. */
function checkRatio(ratio: unknown, context: z.core.$RefinementCtx): void {
  const present = presentKeys(ratio, ['good', 'bad', 'total', 'raw', 'rawType']);
  const expected = 'total with one of good and bad, or raw with rawType';
  if (present.includes('raw')) {
    const beside = present.filter((key) => !['raw', 'rawType'].includes(key));
    if (beside.length > 0) complain(context, 'FD851', `has raw beside ${beside.join(' and ')}`, { expected });
    if (!present.includes('rawType'))
      complain(context, 'FD107', 'is required with raw', {
        path: ['rawType'],
        expected: 'success or failure',
      });
    return;
  }
  if (present.includes('rawType'))
    complain(context, 'FD851', 'stands without raw', { path: ['rawType'], expected });
  const isRatio = present.includes('good') !== present.includes('bad');
  if (!present.includes('total') || !isRatio) {
    const had = present.filter((key) => key !== 'rawType');
    complain(context, 'FD851', had.length === 0 ? 'has no query' : `has ${had.join(' and ')}`, { expected });
  }
}

/** The spec of an SLI, for any version's shape of a metric. */
export function sliSpecOf<T extends z.ZodType>(metric: T) {
  return z
    .strictObject({
      description: description.optional(),
      thresholdMetric: metric.optional(),
      ratioMetric: ratioMetricOf(metric).optional(),
    })
    .superRefine(exactlyOne('thresholdMetric', 'ratioMetric'), always);
}

export const sliSpec = sliSpecOf(metric);

export type MetricFields = z.output<typeof metric>;
export type SliFields = z.output<typeof sliSpec>;
