// SLI in v2alpha: each metric names a DataSource or describes one, and the query stands beside it.
// https://github.com/OpenSLO/OpenSLO/blob/main/enhancements/v2alpha.md

import { z } from 'zod';
import { always, exactlyOne, objectName } from '../scalars.ts';
import { dataSourceSpec } from '../v1/data-source.ts';
import { sliSpecOf } from '../v1/sli.ts';

const metric = z
  .strictObject({
    dataSourceRef: objectName.optional(),
    dataSourceSpec: dataSourceSpec.optional(),
    spec: z.record(z.string(), z.unknown()),
  })
  .superRefine(exactlyOne('dataSourceRef', 'dataSourceSpec'), always);

export const sliSpecV2alpha = sliSpecOf(metric);

export type MetricFieldsV2alpha = z.output<typeof metric>;
export type SliFieldsV2alpha = z.output<typeof sliSpecV2alpha>;
