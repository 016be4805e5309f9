// Objects of Chaos Mesh that describe its surroundings and break nothing by themselves.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';

export const remoteClusterSchema = z.strictObject({
  namespace: z.string(),
  version: z.string(),
  kubeConfig: z.strictObject({
    secretRef: z.strictObject({ namespace: z.string(), name: z.string(), key: z.string() }),
  }),
  configOverride: z.looseObject({}).optional(),
});

/** A machine with a chaosd server. */
export const physicalMachineSchema = z.strictObject({
  address: z.string().superRefine((address, context) => {
    const url = address.startsWith('http') ? address : `http://${address}`;
    if (address !== '' && URL.canParse(url)) return;
    complain(context, 'FD105', `${JSON.stringify(address)} is no address`, {
      expected: 'that of a chaosd server, such as http://10.0.0.7:31767',
    });
  }),
});
