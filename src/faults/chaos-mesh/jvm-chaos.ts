// JVMChaos: its schema, and what Chaos Mesh's webhook asks of each action. Nothing here attaches to a JVM.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import { containerNames, int32, int64 } from './fields.ts';

const fields = z.strictObject({
  action: z.enum(['latency', 'return', 'exception', 'stress', 'gc', 'ruleData', 'mysql']),
  containerNames,
  name: z.string().optional(),
  port: int32.optional(),
  pid: int64.optional(),
  class: z.string().optional(),
  method: z.string().optional(),
  returnValue: z.string().optional(),
  exception: z.string().optional(),
  /** Milliseconds. */
  latency: int64.optional(),
  cpuCount: int64.optional(),
  memType: z.string().optional(),
  ruleData: z.string().optional(),
  mysqlConnectorVersion: z.string().optional(),
  database: z.string().optional(),
  table: z.string().optional(),
  sqlType: z.string().optional(),
});

type Fields = z.output<typeof fields>;

/** What each action cannot do without. */
const required: Readonly<Record<Fields['action'], readonly (keyof Fields)[]>> = {
  latency: ['class', 'method', 'latency'],
  return: ['class', 'method', 'returnValue'],
  exception: ['class', 'method', 'exception'],
  stress: [],
  gc: [],
  ruleData: ['ruleData'],
  mysql: ['mysqlConnectorVersion'],
};

export const jvmChaosSchema = fields.superRefine((spec, context) => {
  const { action } = spec;
  const missing = (message: string, expected: string) => complain(context, 'FD107', message, { expected });
  for (const key of required[action]) {
    if (!spec[key]) missing(`action ${action} needs ${key}`, expectedFor(key));
  }
  if (action === 'stress') {
    const both = Boolean(spec.cpuCount) && Boolean(spec.memType);
    if (!spec.cpuCount && !spec.memType) missing('action stress needs what to stress', 'cpuCount or memType');
    if (both)
      complain(context, 'FD105', 'stresses processor and memory at once', {
        path: ['memType'],
        expected: 'cpuCount or memType, not both',
      });
    checkOneOf(spec, 'memType', ['stack', 'heap'], context);
  }
  if (action === 'mysql') {
    checkOneOf(spec, 'mysqlConnectorVersion', ['5', '8'], context);
    if (!spec.exception && !spec.latency)
      missing('action mysql needs what happens to a query', 'exception or latency');
  }
});

function expectedFor(key: string): string {
  // `value` is that of the mode, and Chaos Mesh's own documents have confused the two.
  return key === 'returnValue' ? 'returnValue (`value` is the number of the mode)' : key;
}

function checkOneOf(
  spec: Fields,
  key: 'memType' | 'mysqlConnectorVersion',
  values: readonly string[],
  context: z.core.$RefinementCtx,
): void {
  const value = spec[key];
  if (!value || values.includes(value)) return;
  complain(context, 'FD105', `${JSON.stringify(value)} does not exist`, {
    path: [key],
    expected: values.join(' or '),
  });
}
