// KernelChaos: its schema. It makes calls inside the kernel fail, by BPF on functions that allow it.

import { z } from 'zod';
import { list } from '../../base/scalars.ts';
import { containerNames, percent } from './fields.ts';

const frame = z.strictObject({
  funcname: z.string().optional(),
  parameters: z.string().optional(),
  predicate: z.string().optional(),
});

export const kernelChaosSchema = z.strictObject({
  containerNames,
  failKernRequest: z.strictObject({
    /** 0: slab, 1: page allocation, 2: bio. */
    failtype: z.int().min(0).max(2),
    headers: list(z.string()).optional(),
    callchain: list(frame).optional(),
    probability: percent.optional(),
    times: z.int32().min(0).optional(),
  }),
});
