// Strings in the files of Prometheus and Alertmanager: YAML's numbers and booleans are read there as the text that
// stands in the file (`1.50` is "1.50"), and nothing is the empty string.

import { z } from 'zod';
import type { YamlDocument, YamlPath } from '../base/yaml.ts';

/** A scalar of any type. */
export const scalarText = z.unknown().superRefine((value, context) => {
  if (value === null || typeof value !== 'object') return;
  context.addIssue({
    code: 'custom',
    message: `is ${Array.isArray(value) ? 'a list' : 'a mapping'}`,
    params: { code: 'FD105', expected: 'a string' },
  });
});

/** The text of a parsed scalar; '' for nothing and for what is no scalar. */
export function textOf(value: unknown): string {
  return value === null || value === undefined || typeof value === 'object' ? '' : String(value);
}

/** The text as it stands in the file, for the scalar at `path`. */
export function sourceTextOf(document: YamlDocument, value: unknown, path: YamlPath): string {
  if (typeof value === 'string' || !document.isPlain(path)) return textOf(value);
  const { text = '', column, length = 0 } = document.placeOf(path);
  return [...text].slice(column - 1, column - 1 + length).join('');
}

/** A mapping of names to texts, as it stands in the file. */
export function textRecordOf(
  document: YamlDocument,
  values: Readonly<Record<string, unknown>> | null | undefined,
  path: YamlPath,
): Record<string, string> {
  const entries = Object.entries(values ?? {});
  return Object.fromEntries(
    entries.map(([name, value]) => [name, sourceTextOf(document, value, [...path, name])]),
  );
}
