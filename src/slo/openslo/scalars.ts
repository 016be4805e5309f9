// The small values that OpenSLO's kinds share, and checks between the fields of one mapping.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';

/**
 * Names that are RFC 1123 labels are always right. The specification says "at least" of these, and its own examples have
 * capitals, so that other names of letters, digits, `-`, `_` and `.` are only warned of (see `isRfc1123Label`).
 */
const nameExpected = 'a name of lower-case letters, digits and `-`, at most 63 characters long';

export const objectName = z
  .string()
  .superRefine((name, context) => {
    if (/^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,251}[a-zA-Z0-9])?$/.test(name)) return;
    complain(context, 'FD850', `${JSON.stringify(name)} is no name`, { expected: nameExpected });
  })
  .meta({ expected: nameExpected });

export function isRfc1123Label(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

/** As the version's SDK limits it. */
export const displayName = z.string().max(63);

export const description = z.string().max(1050);

export const nonEmpty = z.string().min(1);

export const operator = z.enum(['lte', 'gte', 'lt', 'gt']);

/** Checks between fields run also when a field by itself is wrong, so that a file's mistakes come all at once. */
export const always = { when: () => true };

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Those of the keys that the mapping has; none of what is no mapping. */
export function presentKeys(value: unknown, keys: readonly string[]): string[] {
  return isMapping(value) ? keys.filter((key) => value[key] !== undefined) : [];
}

/** A check that a mapping has exactly one of the keys. */
export function exactlyOne(...keys: readonly string[]) {
  return (value: unknown, context: z.core.$RefinementCtx): void => {
    if (!isMapping(value)) return;
    const present = presentKeys(value, keys);
    if (present.length === 1) return;
    const message =
      present.length === 0 ? `has none of ${keys.join(', ')}` : `has both ${present.join(' and ')}`;
    complain(context, 'FD851', message, { expected: `exactly one of ${keys.join(', ')}` });
  };
}

/** A check of a mapping that is either a reference or the referred object itself, written in its place. */
export function referenceOrInline(reference: string, inline: readonly string[]) {
  return (value: unknown, context: z.core.$RefinementCtx): void => {
    if (!isMapping(value)) return;
    const hasReference = presentKeys(value, [reference]).length > 0;
    const present = presentKeys(value, inline);
    const expected = `${reference}, or ${inline.join(', ')}`;
    if (hasReference && present.length > 0)
      complain(context, 'FD851', `has both ${reference} and ${present.join(', ')}`, { expected });
    else if (!hasReference && present.length === 0)
      complain(context, 'FD107', `has neither ${reference} nor ${inline.join(', ')}`, { expected });
    else if (!hasReference)
      for (const key of inline.filter((each) => !present.includes(each)))
        complain(context, 'FD107', `is required beside ${present.join(', ')}`, { path: [key], expected });
  };
}

/** What stands at the path of a document's value; undefined when nothing does. */
export function valueAt(document: YamlDocument, path: YamlPath): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Record<string | number, unknown> | null | undefined)?.[key],
    document.value,
  );
}
