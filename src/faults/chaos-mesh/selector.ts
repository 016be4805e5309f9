// Chaos Mesh's selector, matched against the names, labels and namespaces of targets. What it says of pods and nodes of
// a cluster (annotations, fields, phases) is read, and means nothing for a process, a port, a container or a host.

import { z } from 'zod';
import { complain, list, text } from '../../base/scalars.ts';

const expressionSchema = z
  .strictObject({
    key: text.describe('Label.'),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: list(z.string()).optional().describe('For In and NotIn.'),
  })
  .superRefine((expression, context) => {
    const takesValues = expression.operator === 'In' || expression.operator === 'NotIn';
    const count = expression.values?.length ?? 0;
    if (takesValues && count === 0)
      complain(context, 'FD107', `${expression.operator} needs values`, { expected: 'values' });
    if (!takesValues && count > 0)
      complain(context, 'FD105', `${expression.operator} takes no values`, {
        path: ['values'],
        expected: 'no values',
      });
  });

/** What selectors of pods and of physical machines share. */
export const genericSelectorFields = {
  namespaces: list(text).optional().describe('Namespaces of the targets; any when not given.'),
  labelSelectors: z.record(text, z.string()).optional().describe('Labels that the targets carry.'),
  expressionSelectors: list(expressionSchema).optional().describe('Conditions on labels.'),
  annotationSelectors: z.record(text, z.string()).optional().describe('Only for pods.'),
  fieldSelectors: z.record(text, z.string()).optional().describe('Only for pods.'),
};

export const selectorSchema = z.strictObject({
  ...genericSelectorFields,
  pods: z.record(text, list(text)).optional().describe('Names of targets, by namespace.'),
  nodes: list(text).optional().describe('Only for pods.'),
  nodeSelectors: z.record(text, z.string()).optional().describe('Only for pods.'),
  podPhaseSelectors: list(z.enum(['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown']))
    .optional()
    .describe('Only for pods.'),
});

export type Selector = z.output<typeof selectorSchema>;

/** Keys that only choose among pods of a cluster. */
export const podOnlyKeys = [
  'annotationSelectors',
  'fieldSelectors',
  'nodes',
  'nodeSelectors',
  'podPhaseSelectors',
] as const satisfies readonly (keyof Selector)[];

interface Selectable {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** All parts of a selector must match, as in Chaos Mesh; `pods` names targets outright. */
export function selects(selector: Selector, target: Selectable): boolean {
  if (selector.pods && !selector.pods[target.namespace]?.includes(target.name)) return false;
  if (selector.namespaces?.length && !selector.namespaces.includes(target.namespace)) return false;
  const wanted = Object.entries(selector.labelSelectors ?? {});
  if (!wanted.every(([label, value]) => target.labels[label] === value)) return false;
  return (selector.expressionSelectors ?? []).every(({ key, operator, values = [] }) => {
    const value = target.labels[key];
    if (operator === 'Exists') return value !== undefined;
    if (operator === 'DoesNotExist') return value === undefined;
    const listed = value !== undefined && values.includes(value);
    return operator === 'In' ? listed : !listed;
  });
}
