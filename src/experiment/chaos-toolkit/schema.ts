// The schema of a Chaos Toolkit experiment. Keys are those that chaostoolkit-lib reads; it ignores what it does not know,
// here an unknown key is a mistake. https://chaostoolkit.org/reference/api/experiment/

import { z } from 'zod';
import { complain, text } from '../../base/scalars.ts';
import { compileJsonPath } from './json-path.ts';
import { hypothesisStrategies, rollbackStrategies } from './model.ts';
import { compilePattern } from './pattern.ts';

const seconds = z.number().min(0).meta({ expected: 'seconds, as a number' });
const secretGroups = z.array(text).optional();

const processSchema = z.strictObject({
  type: z.literal('process'),
  path: text,
  arguments: z
    .union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())])
    .nullish()
    .transform((value) => value ?? undefined)
    .meta({ expected: 'a string, a list or a mapping' }),
  timeout: seconds.optional(),
  secrets: secretGroups,
});

/** A string that is nothing but one `${name}`. */
function reference(expected: string) {
  return z.string().superRefine((written, context) => {
    if (!/^\$\{.+\}$/.test(written))
      complain(context, 'FD105', `${JSON.stringify(written)} is no number`, { expected });
  });
}

const timeoutExpected = 'seconds, two of them (to connect, to read), or ${name}';

const httpTimeout = z
  .union([seconds, z.tuple([seconds, seconds]), reference(timeoutExpected)])
  .meta({ expected: timeoutExpected });

const httpSchema = z.strictObject({
  type: z.literal('http'),
  url: text,
  method: text.optional(),
  headers: z.record(z.string(), z.unknown()).optional(),
  arguments: z.unknown().optional(),
  timeout: httpTimeout.optional(),
  verify_tls: z.boolean().optional(),
  max_retries: z.int().min(0).max(100).optional(),
  secrets: secretGroups,
});

const pythonSchema = z.strictObject({
  type: z.literal('python'),
  module: text,
  func: text,
  arguments: z.record(z.string(), z.unknown()).optional(),
  secrets: secretGroups,
});

const providerSchema = z.discriminatedUnion('type', [processSchema, httpSchema, pythonSchema]);

const pauseExpected = 'seconds, as a number, or ${name}';

const pause = z.union([seconds, reference(pauseExpected)]).meta({ expected: pauseExpected });

const pausesSchema = z.strictObject({ before: pause.optional(), after: pause.optional() });

/** Read and not applied. */
const controlsSchema = z.array(z.looseObject({ name: text }));

export const activitySchema = z.strictObject({
  type: z.enum(['probe', 'action']),
  name: text,
  provider: providerSchema,
  tolerance: z.unknown().optional(),
  pauses: pausesSchema.optional(),
  background: z.boolean().optional(),
  controls: controlsSchema.optional(),
});

/** An activity that is written elsewhere. */
export const referenceSchema = z.strictObject({
  ref: text,
  name: text.optional(),
  tolerance: z.unknown().optional(),
  background: z.boolean().optional(),
  controls: controlsSchema.optional(),
});

const target = text.optional();

const pattern = text.superRefine((written, context) => {
  // With a `${name}` in it, it is known when the probe is asked.
  if (written.includes('${')) return;
  try {
    compilePattern(written);
  } catch (error) {
    const expected = 'a regular expression that RE2 takes: without lookahead and backreferences';
    complain(context, 'FD140', (error as Error).message, { expected });
  }
});

const jsonPath = text.superRefine((written, context) => {
  if (written.includes('${')) return;
  try {
    compileJsonPath(written);
  } catch (error) {
    complain(context, 'FD140', (error as Error).message, { expected: 'a JSONPath such as $.items[0].name' });
  }
});

/** A tolerance that is a mapping. */
export const toleranceSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('regex'), pattern, target }),
  z.strictObject({
    type: z.literal('jsonpath'),
    path: jsonPath,
    target,
    count: z.int().min(0).optional(),
    expect: z.unknown().optional(),
  }),
  z.strictObject({ type: z.literal('range'), range: z.tuple([z.number(), z.number()]), target }),
  z.strictObject({
    type: z.literal('probe'),
    name: text,
    provider: providerSchema,
    controls: controlsSchema.optional(),
  }),
]);

const activities = z.array(z.record(z.string(), z.unknown()));

export const experimentSchema = z.strictObject({
  version: z.union([z.string(), z.number()]).optional(),
  title: text,
  description: text,
  tags: z.array(text).optional(),
  contributions: z.record(z.string(), z.unknown()).optional(),
  configuration: z.record(z.string(), z.unknown()).nullish(),
  secrets: z.record(z.string(), z.record(z.string(), z.unknown())).nullish(),
  controls: controlsSchema.nullish(),
  extensions: z.array(z.looseObject({ name: text })).nullish(),
  runtime: z
    .strictObject({
      hypothesis: z.strictObject({ strategy: z.enum(hypothesisStrategies).optional() }).optional(),
      rollbacks: z.strictObject({ strategy: z.enum(rollbackStrategies).optional() }).optional(),
    })
    .optional(),
  'steady-state-hypothesis': z
    .strictObject({
      title: text,
      probes: activities.nullish(),
      controls: controlsSchema.optional(),
    })
    .optional(),
  method: activities,
  rollbacks: activities.nullish(),
});

/** A value of the configuration or a secret that comes from the environment. */
export const environmentSchema = z.strictObject({
  type: z.literal('env'),
  key: text,
  default: z.unknown().optional(),
  env_var_type: z
    .enum(['str', 'string', 'int', 'integer', 'float', 'number', 'bytes', 'bool', 'json'])
    .optional(),
});
