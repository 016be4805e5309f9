// Chaos Mesh's selector, matched against the names, labels and namespaces of the experiment's targets.

import { z } from 'zod';
import { complain, list, text } from '../../base/scalars.ts';
import type { TargetSpec } from '../model.ts';

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

export const selectorSchema = z.strictObject({
  namespaces: list(text).optional().describe('Namespaces of the targets; any when not given.'),
  labelSelectors: z.record(text, z.string()).optional().describe('Labels that the targets carry.'),
  expressionSelectors: list(expressionSchema).optional().describe('Conditions on labels.'),
  pods: z.record(text, list(text)).optional().describe('Names of targets, by namespace.'),
});

export type Selector = z.output<typeof selectorSchema>;

/** All parts of a selector must match, as in Chaos Mesh; `pods` names targets outright. */
export function selects(selector: Selector, target: TargetSpec): boolean {
  if (selector.pods && !selector.pods[target.namespace]?.includes(target.name)) return false;
  if (selector.namespaces && !selector.namespaces.includes(target.namespace)) return false;
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
