// A schema's complaints, told as diagnostics: what is there, what was expected, and where in the YAML text it stands.

import type { z } from 'zod';
import type { ErrorCode } from './catalogue.ts';
import { type Diagnostic, nearest } from './diagnostics.ts';
import type { YamlDocument, YamlPath } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** What a custom check of ours may say beside its message, as the `params` of its issue. */
export interface IssueDetails {
  readonly code?: ErrorCode;
  readonly expected?: string;
  /** Where in the string it stands, in UTF-16 units: for expressions inside a scalar. */
  readonly offset?: number;
  readonly length?: number;
}

/** Every issue told; `at` is where the value that the schema was given stands in the document. */
export function issueDiagnostics(
  document: YamlDocument,
  schema: z.ZodType,
  issues: readonly Issue[],
  at: YamlPath,
): Diagnostic[] {
  const teller = new IssueTeller(document, schema, at);
  return issues
    .filter((issue) => !isMistyped(schema, issue, issues))
    .flatMap((issue) => teller.tell(issue, []));
}

/** A key that is missing only because it is mistyped beside it: one mistake, told as the unknown key. */
function isMistyped(schema: z.ZodType, issue: Issue, issues: readonly Issue[]): boolean {
  if (issue.code !== 'invalid_type' || issue.input !== undefined) return false;
  const parent = issue.path.slice(0, -1) as YamlPath;
  const known = knownKeys(schema, parent);
  return issues.some(
    (other) =>
      other.code === 'unrecognized_keys' &&
      other.path.join('\0') === parent.join('\0') &&
      other.keys.some((key) => nearest(key, known) === issue.path.at(-1)),
  );
}

class IssueTeller {
  readonly #document: YamlDocument;
  readonly #schema: z.ZodType;
  readonly #at: YamlPath;

  constructor(document: YamlDocument, schema: z.ZodType, at: YamlPath) {
    this.#document = document;
    this.#schema = schema;
    this.#at = at;
  }

  /** `within` is the path of the alternative that the issue belongs to. */
  tell(issue: Issue, within: YamlPath): Diagnostic[] {
    const path = [...within, ...(issue.path as YamlPath)];
    switch (issue.code) {
      case 'invalid_union':
        return this.#union(issue, path);
      case 'unrecognized_keys':
        return this.#unknownKeys(issue.keys, path);
      case 'invalid_key':
        return [this.#invalidKey(issue, path)];
      case 'invalid_type':
        return [this.#wrong(path, issue.input, typeName(issue.expected), true)];
      case 'invalid_value':
        return [this.#wrong(path, issue.input, oneOf(issue.input, issue.values.map(String)))];
      case 'too_small':
        return [this.#wrong(path, issue.input, bound(issue, issue.minimum, 'more'))];
      case 'too_big':
        return [this.#wrong(path, issue.input, bound(issue, issue.maximum, 'less'))];
      case 'custom':
        return [this.#custom(issue, path)];
      default:
        return [this.#error('FD105', path, `${this.#name(path)}: ${lowerFirst(issue.message)}`)];
    }
  }

  #union(issue: Extract<Issue, { code: 'invalid_union' }>, path: YamlPath): Diagnostic[] {
    // The key that tells the alternatives apart has no value that any of them knows.
    if ('options' in issue && Array.isArray(issue.options)) {
      const holder = issue.input as Record<string, unknown>;
      const input = holder?.[String(issue.path.at(-1))];
      return [this.#wrong(path, input, oneOf(input, issue.options.map(String)))];
    }
    const types = issue.errors.map((issues) => issues.find((inner) => inner.path.length === 0));
    if (types.every((inner) => inner?.code === 'invalid_type')) {
      const names = types.map((inner) => typeName(inner.expected));
      return [this.#wrong(path, issue.input, [...new Set(names)].join(' or '), true)];
    }
    const branch = likeliestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => this.tell(inner, path));
    return [this.#error('FD105', path, `${this.#name(path)}: no alternative fits`)];
  }

  #unknownKeys(keys: readonly string[], path: YamlPath): Diagnostic[] {
    const known = knownKeys(this.#schema, path);
    const where = this.#at.length + path.length > 0 ? ` in ${this.#name(path)}` : '';
    return keys.map((key) => {
      const suggestion = nearest(key, known);
      const expected = suggestion ?? (known.length > 0 ? `one of ${known.join(', ')}` : undefined);
      return {
        code: 'FD106',
        severity: 'error',
        message: `unknown key ${JSON.stringify(key)}${where}`,
        at: this.#document.placeOfKey([...this.#at, ...path, key]),
        ...(expected ? { expected } : {}),
      };
    });
  }

  #invalidKey(issue: Extract<Issue, { code: 'invalid_key' }>, path: YamlPath): Diagnostic {
    const inner = issue.issues[0];
    const details = inner?.code === 'custom' ? (inner.params as IssueDetails | undefined) : undefined;
    return {
      code: details?.code ?? 'FD105',
      severity: 'error',
      message: `${this.#name(path.slice(0, -1))}: the key ${JSON.stringify(path.at(-1))} is not possible here`,
      at: this.#document.placeOfKey([...this.#at, ...path]),
      expected: details?.expected ?? lowerFirst(inner?.message ?? 'another key'),
    };
  }

  #custom(issue: Extract<Issue, { code: 'custom' }>, path: YamlPath): Diagnostic {
    const details = (issue.params ?? {}) as IssueDetails;
    const full = [...this.#at, ...path];
    const at =
      details.offset === undefined
        ? this.#document.placeOf(full)
        : this.#document.placeInside(full, details.offset, details.length);
    return {
      code: details.code ?? 'FD105',
      severity: 'error',
      message: `${this.#name(path)}: ${issue.message}`,
      at,
      ...(details.expected ? { expected: details.expected } : {}),
    };
  }

  /** `named`: the schema's own words for what belongs there are better than the name of a type. */
  #wrong(path: YamlPath, input: unknown, type: string, named = false): Diagnostic {
    const expected = (named && expectedAt(this.#schema, path)) || type;
    if (input === undefined) return this.#error('FD107', path, `${this.#name(path)} is required`, expected);
    return this.#error('FD105', path, `${this.#name(path)} is ${describe(input)}`, expected);
  }

  #error(code: ErrorCode, path: YamlPath, message: string, expected?: string): Diagnostic {
    const at = this.#document.placeOf([...this.#at, ...path]);
    return { code, severity: 'error', message, at, ...(expected ? { expected } : {}) };
  }

  #name(path: YamlPath): string {
    return this.#document.nameOf([...this.#at, ...path]);
  }
}

/** Of a union's failed alternatives, the one whose mistakes lie deepest, then the one with the fewest. */
function likeliestBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const depth = (issues: Issue[]) =>
    Math.min(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
  return branches
    .filter((branch) => branch.length > 0)
    .sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

/** The keys that the schema knows at a path, for "nearest" suggestions. */
export function knownKeys(schema: z.core.$ZodType, path: YamlPath): string[] {
  const keys = schemasAt(schema, path).flatMap((found) => {
    const { def } = found as z.ZodType;
    return def.type === 'object' ? Object.keys((def as z.core.$ZodObjectDef).shape) : [];
  });
  return [...new Set(keys)];
}

/** What a value at this path is, in words: the `expected` that its schema carries as metadata. */
function expectedAt(schema: z.core.$ZodType, path: YamlPath): string | undefined {
  for (const found of schemasAt(schema, path)) {
    const expected = (found as z.ZodType).meta?.()?.expected;
    if (typeof expected === 'string') return expected;
  }
  return undefined;
}

/** Every schema that speaks of the value at a path, wrappers before what they wrap, all alternatives of a union. */
function schemasAt(schema: z.core.$ZodType, path: YamlPath): z.core.$ZodType[] {
  const inner = innerSchemas(schema);
  if (inner) {
    const found = inner.flatMap((each) => schemasAt(each, path));
    return path.length === 0 ? [schema, ...found] : found;
  }
  const [head, ...rest] = path;
  if (head === undefined) return [schema];
  const { def } = schema as z.ZodType;
  switch (def.type) {
    case 'object': {
      const { shape } = def as z.core.$ZodObjectDef;
      const next = Object.hasOwn(shape, head) ? shape[head] : undefined;
      return next ? schemasAt(next, rest) : [];
    }
    case 'array':
      return schemasAt((def as z.core.$ZodArrayDef).element, rest);
    case 'record':
      return schemasAt((def as z.core.$ZodRecordDef).valueType, rest);
    default:
      return [];
  }
}

/** The schemas that a schema is made of without a step down in the value; undefined when it is none of those. */
function innerSchemas(schema: z.core.$ZodType): readonly z.core.$ZodType[] | undefined {
  const { def } = schema as z.ZodType;
  switch (def.type) {
    case 'union':
      return (def as z.core.$ZodUnionDef).options;
    case 'intersection':
      return [(def as z.core.$ZodIntersectionDef).left, (def as z.core.$ZodIntersectionDef).right];
    case 'pipe':
      return [(def as z.core.$ZodPipeDef).in];
    case 'lazy':
      return [(def as z.core.$ZodLazyDef).getter()];
    default:
      return 'innerType' in def ? [def.innerType as z.core.$ZodType] : undefined;
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  if (Array.isArray(value)) return 'a list';
  return value === null ? 'nothing' : 'a mapping';
}

function typeName(expected: string): string {
  const names: Record<string, string> = {
    object: 'a mapping',
    record: 'a mapping',
    array: 'a list',
    string: 'a string',
    int: 'a whole number',
    number: 'a number',
    boolean: 'true or false',
  };
  return names[expected] ?? expected;
}

function oneOf(input: unknown, values: readonly string[]): string {
  if (values.length === 1) return values[0]!;
  const suggestion = typeof input === 'string' ? nearest(input, values) : undefined;
  return suggestion ? `${suggestion} (of ${values.join(', ')})` : `one of ${values.join(', ')}`;
}

/** What a value that is out of bounds should have been: `1 or more`, `at least 1 entry`. */
function bound(
  issue: { readonly origin: string; readonly inclusive?: boolean },
  limit: number | bigint,
  side: 'more' | 'less',
): string {
  if (issue.origin === 'array' || issue.origin === 'map' || issue.origin === 'object')
    return `at ${side === 'more' ? 'least' : 'most'} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (issue.origin === 'string')
    return `at ${side === 'more' ? 'least' : 'most'} ${limit} character${limit === 1 ? '' : 's'}`;
  if (issue.inclusive === false) return `${side} than ${limit}`;
  return `${limit} or ${side}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
