// What the steps of reading a file share: the document with its places, the diagnostics found so far, and checks that
// accept what substitution could not know to be a number.

import type { z } from 'zod';
import type { ErrorCode } from '../../base/catalogue.ts';
import { type Diagnostic, nearest } from '../../base/diagnostics.ts';
import { checkYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import type { Substituted } from './substitution.ts';

export class Reading {
  readonly document: YamlDocument;
  readonly diagnostics: Diagnostic[];
  readonly #readScalar: Substituted['readScalar'];

  constructor(substituted: Pick<Substituted, 'document' | 'diagnostics' | 'readScalar'>) {
    this.document = substituted.document;
    this.diagnostics = [...substituted.diagnostics];
    this.#readScalar = substituted.readScalar;
  }

  /** The value at a path, or undefined where there is none. */
  at(path: YamlPath): unknown {
    let value: unknown = this.document.value;
    for (const segment of path) {
      if (value === null || typeof value !== 'object' || !Object.hasOwn(value, segment)) return undefined;
      value = (value as Record<string | number, unknown>)[segment];
    }
    return value;
  }

  /** A checked value, its mistakes noted; undefined when there are any. `value` is what stands at the path, or a part of it. */
  check<S extends z.ZodType>(
    schema: S,
    path: YamlPath,
    value: unknown = this.at(path),
  ): z.output<S> | undefined {
    const checked = checkYaml(this.document, schema, this.#retyped(schema, path, value), path);
    if (checked.ok) return checked.value;
    this.diagnostics.push(...checked.diagnostics);
    return undefined;
  }

  /** The same without noting mistakes: for parts of what was checked as a whole. */
  valid<S extends z.ZodType>(schema: S, path: YamlPath): z.output<S> | undefined {
    return schema.safeParse(this.#retyped(schema, path, this.at(path))).data;
  }

  error(
    code: ErrorCode,
    message: string,
    path: YamlPath,
    more: {
      readonly expected?: string | undefined;
      readonly key?: boolean;
      readonly severity?: 'warning';
    } = {},
  ): void {
    const at = more.key ? this.document.placeOfKey(path) : this.document.placeOf(path);
    const expected = more.expected === undefined ? {} : { expected: more.expected };
    this.diagnostics.push({ code, severity: more.severity ?? 'error', message, at, ...expected });
  }

  /** A reference to a name that is not there. */
  undefinedName(what: string, name: string, defined: readonly string[], path: YamlPath): void {
    const any = defined.length > 1 ? `one of ${defined.join(', ')}` : defined[0];
    const expected = nearest(name, defined) ?? any;
    this.error('FD110', `there is no ${what} ${JSON.stringify(name)}`, path, { expected });
  }

  /**
   * `port: ${PORT}` is a string after substitution. Where the schema wants a number or a boolean, it is read as YAML
   * would have read it.
   */
  #retyped(schema: z.ZodType, path: YamlPath, value: unknown): unknown {
    const result = schema.safeParse(value, { reportInput: true });
    if (result.success) return value;
    let changed = value;
    for (const { at, wanted } of wantedTypes(result.error.issues, [])) {
      const read = this.#readScalar([...path, ...at]);
      if (read !== undefined && wanted === typeof read) changed = withValue(changed, at, read);
    }
    return changed;
  }
}

interface Wanted {
  readonly at: YamlPath;
  readonly wanted: string;
}

function wantedTypes(issues: readonly z.core.$ZodIssue[], within: YamlPath): Wanted[] {
  return issues.flatMap((issue): Wanted[] => {
    const at = [...within, ...(issue.path as YamlPath)];
    if (issue.code === 'invalid_union') return issue.errors.flatMap((branch) => wantedTypes(branch, at));
    if (issue.code !== 'invalid_type') return [];
    return [{ at, wanted: issue.expected === 'int' ? 'number' : issue.expected }];
  });
}

function withValue(root: unknown, path: YamlPath, value: unknown): unknown {
  const [head, ...rest] = path;
  if (head === undefined) return value;
  if (Array.isArray(root))
    return root.map((entry, index) => (index === head ? withValue(entry, rest, value) : entry));
  const mapping = root as Record<string, unknown>;
  return { ...mapping, [head]: withValue(mapping[head], rest, value) };
}
