// The experiment file as JSON Schema (draft 2020-12), for editors: the zod schemas as they are, with the fields of each
// kind of fault, and with `${ENV}` allowed wherever a value has to look like something.

import { z } from 'zod';
import { commonSpecSchema } from '../src/experiment/file/faults.ts';
import { experimentSchema } from '../src/experiment/file/schema.ts';
import { faultSchemas } from '../src/faults/kinds.ts';

type JsonSchema = { [key: string]: unknown };

export function experimentJsonSchema(): JsonSchema {
  const schema = toJsonSchema(experimentSchema);
  const fault = find(schema, 'properties', 'spec', 'properties', 'faults', 'items');
  fault.allOf = Object.values(faultSchemas).map((kind) => ({
    if: { properties: { kind: { const: kind.kind } } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { properties: { spec: specOf(toJsonSchema(kind.schema)) } },
  }));
  const { $schema, ...rest } = withSubstitutions(schema) as JsonSchema;
  return {
    $schema,
    $id: 'https://firedrill.dev/schema/experiment.schema.json',
    title: 'Firedrill experiment',
    ...rest,
  };
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Our words for errors are no keyword.
      delete (jsonSchema as JsonSchema).expected;
    },
  }) as JsonSchema;
}

/** The fields of all kinds and those of one, in one object: two that each refuse further keys cannot be combined. */
function specOf(own: JsonSchema): JsonSchema {
  const common = toJsonSchema(commonSpecSchema);
  return {
    type: 'object',
    properties: { ...(own.properties as JsonSchema), ...(common.properties as JsonSchema) },
    ...(own.required ? { required: own.required } : {}),
    additionalProperties: false,
  };
}

function find(schema: JsonSchema, ...path: string[]): JsonSchema {
  return path.reduce((part, key) => part[key] as JsonSchema, schema);
}

const substitution = { type: 'string', pattern: '\\$\\{[A-Za-z_]' };

/** A number, a choice or a pattern may also be given by the environment; what says what the file is may not. */
function withSubstitutions(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withSubstitutions);
  if (part === null || typeof part !== 'object') return part;
  const { description, ...schema } = part as JsonSchema;
  const isNarrow =
    ['integer', 'number', 'boolean'].includes(String(schema.type)) ||
    Array.isArray(schema.enum) ||
    (schema.type === 'string' && ('pattern' in schema || 'format' in schema));
  const about = description === undefined ? {} : { description };
  if (isNarrow) return { ...about, anyOf: [schema, substitution] };
  const inner = Object.entries(schema).map(([key, value]) => [
    key,
    isKeyword(key) ? value : withSubstitutions(value),
  ]);
  return { ...about, ...Object.fromEntries(inner) };
}

/** Keywords that hold no schema for values. */
function isKeyword(key: string): boolean {
  return ['const', 'required', 'default', 'if', 'propertyNames', '$schema'].includes(key);
}
