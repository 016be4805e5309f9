// YAML with positions: text in, a checked value or every problem of the file out. The shape is a zod schema;
// each of zod's issues is traced back to the node it speaks of.

import {
  type Document,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from 'yaml';
import type { z } from 'zod';
import { type Diagnostic, nearest, type Place } from './diagnostics.ts';

export type YamlPath = readonly (string | number)[];

/** One parsed document and the way back from a path in its value to a place in its text. */
export interface YamlDocument {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  /** The place of the value at `path`, or of the nearest node above it that exists. */
  placeOf(path: YamlPath): Place;
  /** The place of the key that names the value at `path`. */
  placeOfKey(path: YamlPath): Place;
  /**
   * The place of character `offset` inside the string value at `path`, also in block scalars (`|`, `>`): for errors
   * inside an embedded expression.
   */
  placeInside(path: YamlPath, offset: number): Place;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: Diagnostic[] };

/** All documents of a text. Aliases are bounded by the library, so that a small file cannot grow without end. */
export function parseYamlDocuments(file: string, text: string): Parsed<YamlDocument[]> {
  const lineCounter = new LineCounter();
  const lines = text.split('\n');
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, uniqueKeys: true });
  const list = Array.isArray(documents) ? documents : [];
  const diagnostics: Diagnostic[] = list.flatMap((document) =>
    document.errors.map((error) => ({
      code: 'FD103' as const,
      severity: 'error' as const,
      message: `not valid YAML: ${lowerFirst(error.message)}`,
      at: place(file, lines, lineCounter, error.pos[0], error.pos[1] - error.pos[0]),
    })),
  );
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const parsed = list
    .filter((document) => document.contents !== null)
    .map((document) => yamlDocument(file, text, lines, lineCounter, document as Document.Parsed));
  if (parsed.length === 0) {
    return { ok: false, diagnostics: [{ code: 'FD102', severity: 'error', message: `${file} is empty` }] };
  }
  return { ok: true, value: parsed };
}

/** Exactly one document. */
export function parseYaml(file: string, text: string): Parsed<YamlDocument> {
  const parsed = parseYamlDocuments(file, text);
  if (!parsed.ok) return parsed;
  const [first, second] = parsed.value;
  if (second) {
    const at = second.placeOf([]);
    return {
      ok: false,
      diagnostics: [
        {
          code: 'FD104',
          severity: 'error',
          message: 'a second document begins here',
          at,
          expected: 'one document',
        },
      ],
    };
  }
  return { ok: true, value: first! };
}

/** Checks a document against a schema; every mistake becomes a diagnostic with its place. */
export function checkYaml<S extends z.ZodType>(
  document: YamlDocument,
  schema: S,
  value: unknown = document.value,
): Parsed<z.output<S>> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    diagnostics: result.error.issues.flatMap((issue) => issueDiagnostics(document, schema, issue, [])),
  };
}

function yamlDocument(
  file: string,
  text: string,
  lines: string[],
  lineCounter: LineCounter,
  document: Document.Parsed,
): YamlDocument {
  const nodePlace = (node: Node | null | undefined, fallbackOffset = 0): Place => {
    const range = node?.range;
    return place(file, lines, lineCounter, range?.[0] ?? fallbackOffset, range ? range[1] - range[0] : 1);
  };
  const nodeAt = (path: YamlPath): Node | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (node && typeof node === 'object' && 'range' in node) return node as Node;
    }
    return undefined;
  };
  return {
    file,
    text,
    value: document.toJS({ maxAliasCount: 100 }),
    placeOf: (path) => nodePlace(nodeAt(path)),
    placeOfKey: (path) => {
      const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
      if (isMap(parent)) {
        const pair = parent.items.find(
          (item) => isPair(item) && isScalar(item.key) && item.key.value === path.at(-1),
        );
        if (pair && isScalar(pair.key)) return nodePlace(pair.key);
      }
      return nodePlace(isSeq(parent) ? nodeAt(path) : (parent as Node | undefined));
    },
    placeInside: (path, offset) => {
      const node = nodeAt(path);
      const start = node?.range?.[0];
      if (!isScalar(node) || start === undefined || typeof node.value !== 'string') return nodePlace(node);
      const sourceOffset = offsetInSource(text, start, node.range![1], node.value, offset);
      return place(file, lines, lineCounter, sourceOffset, 1);
    },
  };
}

/**
 * Where character `offset` of a scalar's value stands in the source. Walks both texts, skipping in the source what
 * the value does not have (quotes, block headers, indentation, escapes); ends at the scalar's start when they part.
 */
function offsetInSource(text: string, start: number, end: number, value: string, offset: number): number {
  let source = start;
  if (text[source] === '|' || text[source] === '>') source = text.indexOf('\n', source) + 1;
  else if (text[source] === '"' || text[source] === "'") source++;
  for (let i = 0; i < offset && source < end; i++) {
    while (source < end && text[source] !== value[i] && !(value[i] === ' ' && text[source] === '\n'))
      source++;
    source++;
  }
  while (source < end && offset < value.length && text[source] !== value[offset]) source++;
  return source < end ? source : Math.max(start, end - 1);
}

function place(
  file: string,
  lines: string[],
  lineCounter: LineCounter,
  offset: number,
  length: number,
): Place {
  const { line, col } = lineCounter.linePos(offset);
  const text = lines[line - 1] ?? '';
  return { file, line, column: col, length: Math.max(1, Math.min(length, text.length - col + 1)), text };
}

type Issue = z.core.$ZodIssue;

function issueDiagnostics(
  document: YamlDocument,
  schema: z.ZodType,
  issue: Issue,
  prefix: YamlPath,
): Diagnostic[] {
  const path = [...prefix, ...(issue.path as (string | number)[])];
  if (issue.code === 'invalid_union') {
    const branch = likeliestBranch(issue.errors);
    if (branch) return branch.flatMap((inner) => issueDiagnostics(document, schema, inner, path));
    return [error(document, path, 'FD105', `${subject(path)}: no alternative fits`)];
  }
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(schema, path);
    return issue.keys.map((key) => {
      const suggestion = nearest(key, known);
      const expected = suggestion ?? (known.length > 0 ? `one of ${known.join(', ')}` : undefined);
      return {
        code: 'FD106',
        severity: 'error',
        message: `unknown key ${JSON.stringify(key)}${path.length > 0 ? ` in ${path.join('.')}` : ''}`,
        at: document.placeOfKey([...path, key]),
        ...(expected ? { expected } : {}),
      } satisfies Diagnostic;
    });
  }
  if (issue.code === 'invalid_type' && issue.input === undefined) {
    return [error(document, path, 'FD107', `${subject(path)} is required`, typeName(issue.expected))];
  }
  if (issue.code === 'invalid_type') {
    const found =
      issue.input === null ? 'nothing' : Array.isArray(issue.input) ? 'a list' : describe(issue.input);
    return [error(document, path, 'FD105', `${subject(path)} is ${found}`, typeName(issue.expected))];
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const suggestion = typeof issue.input === 'string' ? nearest(issue.input, values) : undefined;
    const expected = `${suggestion ? `${suggestion}, or another of ` : 'one of '}${values.join(', ')}`;
    if (issue.input === undefined)
      return [error(document, path, 'FD107', `${subject(path)} is required`, expected)];
    return [
      error(
        document,
        path,
        'FD105',
        `${subject(path)} is ${describe(issue.input)}`,
        values.length === 1 ? values[0] : expected,
      ),
    ];
  }
  const code =
    issue.code === 'custom' && issue.params?.code ? (issue.params.code as Diagnostic['code']) : 'FD105';
  const expected = issue.code === 'custom' ? (issue.params?.expected as string | undefined) : undefined;
  return [error(document, path, code, `${subject(path)}: ${lowerFirst(issue.message)}`, expected)];
}

function error(
  document: YamlDocument,
  path: YamlPath,
  code: Diagnostic['code'],
  message: string,
  expected?: string,
): Diagnostic {
  return { code, severity: 'error', message, at: document.placeOf(path), ...(expected ? { expected } : {}) };
}

/** Of a union's failed alternatives, the one whose mistakes lie deepest, then the one with the fewest. */
function likeliestBranch(branches: readonly Issue[][]): Issue[] | undefined {
  const depth = (issues: Issue[]) =>
    Math.min(...issues.map((issue) => issue.path.length + (issue.code === 'unrecognized_keys' ? 1 : 0)));
  return [...branches]
    .filter((branch) => branch.length > 0)
    .sort((a, b) => depth(b) - depth(a) || a.length - b.length)[0];
}

/** The keys that the schema knows at a path, for "nearest" suggestions. */
function knownKeys(schema: z.core.$ZodType, path: YamlPath): string[] {
  const definition = (schema as z.ZodType).def as unknown as Record<string, unknown> & { type: string };
  switch (definition.type) {
    case 'object': {
      const shape = definition.shape as Record<string, z.core.$ZodType>;
      if (path.length === 0) return Object.keys(shape);
      const next = shape[String(path[0])];
      return next ? knownKeys(next, path.slice(1)) : [];
    }
    case 'array':
      return path.length === 0 ? [] : knownKeys(definition.element as z.core.$ZodType, path.slice(1));
    case 'record':
      return path.length === 0 ? [] : knownKeys(definition.valueType as z.core.$ZodType, path.slice(1));
    case 'union':
      return [
        ...new Set((definition.options as z.core.$ZodType[]).flatMap((option) => knownKeys(option, path))),
      ];
    case 'intersection':
      return [
        ...knownKeys(definition.left as z.core.$ZodType, path),
        ...knownKeys(definition.right as z.core.$ZodType, path),
      ];
    case 'pipe':
      return knownKeys(definition.in as z.core.$ZodType, path);
    case 'lazy':
      return knownKeys((definition.getter as () => z.core.$ZodType)(), path);
    default:
      return 'innerType' in definition ? knownKeys(definition.innerType as z.core.$ZodType, path) : [];
  }
}

function subject(path: YamlPath): string {
  return path.length === 0 ? 'the document' : path.join('.');
}

function describe(value: unknown): string {
  if (typeof value === 'string')
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
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

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
