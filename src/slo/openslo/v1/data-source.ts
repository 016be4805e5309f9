// DataSource: where queries go. Firedrill takes its metrics from `--source` or the experiment and never connects to
// what is described here; the type says whether a query is PromQL.

import { z } from 'zod';
import { complain } from '../../../base/scalars.ts';
import { always, description, nonEmpty, presentKeys } from '../scalars.ts';

export const dataSourceSpec = z
  .strictObject({
    description: description.optional(),
    type: nonEmpty,
    connectionDetails: z.unknown(),
  })
  .superRefine((value, context) => {
    if (presentKeys(value, ['connectionDetails']).length === 0)
      complain(context, 'FD107', 'is required', { path: ['connectionDetails'], expected: 'anything' });
  }, always);
