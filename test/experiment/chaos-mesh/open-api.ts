// Chaos Mesh's own schemas (CustomResourceDefinitions), and as much of a validator as they use. Unknown keys are
// mistakes, as they are for kubectl.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export interface OpenApiSchema {
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly nullable?: boolean;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, OpenApiSchema>>;
  readonly additionalProperties?: OpenApiSchema | boolean;
  readonly items?: OpenApiSchema;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

interface Definition {
  readonly spec: {
    readonly names: { readonly kind: string };
    readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: OpenApiSchema } }[];
  };
}

/** The schema of each kind's `spec`. */
export function specSchemas(folder: string): ReadonlyMap<string, OpenApiSchema> {
  const definitions = readdirSync(folder).map(
    (name) => parse(readFileSync(join(folder, name), 'utf8')) as Definition,
  );
  return new Map(
    definitions.map(({ spec }) => [
      spec.names.kind,
      spec.versions[0]!.schema.openAPIV3Schema.properties!.spec!,
    ]),
  );
}

/** Where a value does not fit, and why; empty when it fits. */
export function mistakesIn(schema: OpenApiSchema, value: unknown, path = 'spec'): string[] {
  if (value === null) return schema.nullable ? [] : [`${path}: null`];
  if (schema['x-kubernetes-int-or-string'])
    return typeof value === 'string' || Number.isInteger(value) ? [] : [`${path}: no number or string`];
  if (!hasType(schema, value)) return [`${path}: not of type ${schema.type}`];
  const mistakes: string[] = [];
  if (schema.enum && !schema.enum.includes(value)) mistakes.push(`${path}: not in the enumeration`);
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value as string))
    mistakes.push(`${path}: not of the pattern`);
  if (typeof value === 'number') mistakes.push(...boundsOf(schema, value, path));
  if (Array.isArray(value) && schema.items)
    mistakes.push(...value.flatMap((each, index) => mistakesIn(schema.items!, each, `${path}[${index}]`)));
  if (schema.type === 'object') mistakes.push(...inMapping(schema, value as Record<string, unknown>, path));
  return mistakes;
}

function hasType({ type }: OpenApiSchema, value: unknown): boolean {
  switch (type) {
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case undefined:
      return true;
    default:
      return typeof value === type;
  }
}

function boundsOf(schema: OpenApiSchema, value: number, path: string): string[] {
  const { minimum = -Infinity, maximum = Infinity, exclusiveMinimum = false, format } = schema;
  const isWithin = (exclusiveMinimum ? value > minimum : value >= minimum) && value <= maximum;
  const fits = format !== 'int32' || (value >= -(2 ** 31) && value < 2 ** 31);
  return isWithin && fits ? [] : [`${path}: out of bounds`];
}

function inMapping(schema: OpenApiSchema, value: Record<string, unknown>, path: string): string[] {
  const { required = [], properties = {}, additionalProperties } = schema;
  const missing = required
    .filter((key) => !Object.hasOwn(value, key))
    .map((key) => `${path}.${key}: missing`);
  const wrong = Object.entries(value).flatMap(([key, each]) => {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known) return mistakesIn(known, each, `${path}.${key}`);
    if (typeof additionalProperties === 'object')
      return mistakesIn(additionalProperties, each, `${path}.${key}`);
    return schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true
      ? []
      : [`${path}.${key}: unknown`];
  });
  return [...missing, ...wrong];
}
