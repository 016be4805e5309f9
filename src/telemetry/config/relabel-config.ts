// relabel_configs and metric_relabel_configs, with what each action needs.

import { z } from 'zod';
import { createMatcher } from '../../base/matcher.ts';
import { complain, list } from '../../base/scalars.ts';
import { type RelabelRule, relabelActions, relabelDefaults } from '../metrics/relabel/relabel.ts';

const relabelConfig = z
  .strictObject({
    source_labels: list(z.string()).nullish().describe('Labels whose values are joined.'),
    separator: z.string().optional().describe('What stands between them; `;` when not given.'),
    regex: z
      .string()
      .optional()
      .describe('What the joined values must match as a whole; (.*) when not given.'),
    modulus: z.int().min(0).optional().describe('Of the hash that hashmod takes.'),
    target_label: z.string().optional().describe('Label that is set.'),
    replacement: z.string().optional().describe('What it is set to; $1 when not given.'),
    action: z
      .preprocess(lowercase, z.enum(relabelActions))
      .optional()
      .describe('What is done; replace when not given.'),
  })
  .superRefine((config, context) => {
    const action = config.action ?? relabelDefaults.action;
    const needsTarget = ['replace', 'hashmod', 'lowercase', 'uppercase', 'keepequal', 'dropequal'];
    if (needsTarget.includes(action) && !config.target_label)
      complain(context, 'FD107', `the action ${action} needs target_label`, { expected: 'target_label' });
    if (action === 'hashmod' && !config.modulus)
      complain(context, 'FD107', 'the action hashmod needs modulus', { expected: 'a modulus above zero' });
    try {
      createMatcher('', '=~', config.regex ?? relabelDefaults.regex);
    } catch (error) {
      complain(context, 'FD105', (error as Error).message, {
        path: ['regex'],
        expected: 'an RE2 expression',
      });
    }
  });

/** Of one list; a configuration that is written by hand has a dozen. */
const rulesMax = 1000;

export const relabelConfigs = list(relabelConfig, rulesMax);

/** Prometheus reads actions in any case. */
function lowercase(value: unknown): unknown {
  return typeof value === 'string' ? value.toLowerCase() : value;
}

export function resolveRelabel(config: z.output<typeof relabelConfig>): RelabelRule {
  return {
    action: config.action ?? relabelDefaults.action,
    sourceLabels: config.source_labels ?? [],
    separator: config.separator ?? relabelDefaults.separator,
    regex: config.regex ?? relabelDefaults.regex,
    modulus: config.modulus ?? 0,
    targetLabel: config.target_label ?? '',
    replacement: config.replacement ?? relabelDefaults.replacement,
  };
}
