// YAML with positions: text in; a value and the way back from each part of it to its place out. Everything that a
// hostile file can make large is bounded here: its size, its nesting, the number of times that aliases are followed.

import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml';
import type { z } from 'zod';
import type { Diagnostic } from './diagnostics.ts';
import { issueDiagnostics } from './schema-issues.ts';
import { SourceText, type YamlDocument, type YamlPath, yamlDocument } from './yaml-document.ts';

export type { YamlDocument, YamlPath };

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: Diagnostic[] };

/** Longest text that is parsed, in bytes of UTF-8. */
const yamlBytesMax = 1024 * 1024;
/** Deepest nesting, counted in what the parser has open at once: about two for each level of a file. */
const openMax = 200;
/** How often the content behind one alias may be repeated. */
const aliasCountMax = 100;

/** All documents of a text; empty ones are left out. */
export function parseYamlDocuments(file: string, text: string): Parsed<YamlDocument[]> {
  const bytes = Buffer.byteLength(text);
  if (bytes > yamlBytesMax) {
    return failed({
      code: 'FD113',
      severity: 'error',
      message: `${file} has ${bytes} bytes`,
      expected: `at most ${yamlBytesMax} bytes`,
    });
  }
  const lineCounter = new LineCounter();
  const source = new SourceText(file, text, lineCounter);
  const composer = new Composer({ lineCounter, prettyErrors: false, merge: true, logLevel: 'error' });
  let documents: Document.Parsed[];
  try {
    documents = [...composer.compose(boundedTokens(text, lineCounter))];
  } catch (error) {
    if (error instanceof NestedTooDeep) {
      const at = source.place(error.offset, 1);
      return failed({ code: 'FD113', severity: 'error', message: 'nested too deep', at });
    }
    throw error;
  }
  const errors = [...composer.streamInfo().errors, ...documents.flatMap((document) => document.errors)];
  // What the library only warns of (a tag that nobody knows) would change what the file says.
  const warnings = documents.flatMap((document) => document.warnings);
  const mistakes = [...independent(errors), ...warnings];
  if (mistakes.length > 0) return failed(...mistakes.map((error) => syntaxError(source, error)));
  const parsed = documents.filter((document) => !isEmpty(document));
  if (parsed.length === 0) {
    const at = source.place(0, 1);
    return failed({ code: 'FD102', severity: 'error', message: `${file} is empty`, at });
  }
  return allValues(parsed, source);
}

/** Exactly one document. */
export function parseYaml(file: string, text: string): Parsed<YamlDocument> {
  const parsed = parseYamlDocuments(file, text);
  if (!parsed.ok) return parsed;
  const [first, second] = parsed.value;
  if (!second) return { ok: true, value: first! };
  return failed({
    code: 'FD104',
    severity: 'error',
    message: 'a second document begins here',
    at: second.placeOf([]),
    expected: 'one document',
  });
}

/**
 * Checks a value of a document against a schema; every mistake becomes a diagnostic with its place. `at` is where
 * `value` stands in the document, when it is not the whole.
 */
export function checkYaml<S extends z.ZodType>(
  document: YamlDocument,
  schema: S,
  value: unknown = document.value,
  at: YamlPath = [],
): Parsed<z.output<S>> {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return { ok: true, value: result.data };
  return failed(...issueDiagnostics(document, schema, result.error.issues, at));
}

function failed(...diagnostics: Diagnostic[]): { ok: false; diagnostics: Diagnostic[] } {
  return { ok: false, diagnostics };
}

class NestedTooDeep extends Error {
  readonly offset: number;

  constructor(offset: number) {
    super('nested too deep');
    this.offset = offset;
  }
}

/** The parser's tokens, given up before their nesting could exhaust the stack of the recursive steps that follow. */
function* boundedTokens(text: string, lineCounter: LineCounter) {
  const parser = new Parser(lineCounter.addNewLine);
  lineCounter.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > openMax) throw new NestedTooDeep(parser.offset);
  }
  yield* parser.end();
}

/** After text that does not fit, the parser has lost its way: what it finds later says nothing. */
function independent(errors: readonly YAMLError[]): YAMLError[] {
  const isLost = (error: YAMLError) => error.code !== 'DUPLICATE_KEY';
  const [first] = errors.filter(isLost).sort((a, b) => a.pos[0] - b.pos[0]);
  return [
    ...(first ? [first] : []),
    ...errors.filter((error) => !isLost(error) && error.pos[0] < (first?.pos[0] ?? Number.POSITIVE_INFINITY)),
  ];
}

function syntaxError(source: SourceText, error: YAMLError): Diagnostic {
  const at = source.place(error.pos[0], error.pos[1] - error.pos[0]);
  return {
    code: 'FD103',
    severity: 'error',
    message: `not valid YAML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`,
    at,
    ...(source.text.slice(error.pos[0] - 1, error.pos[0] + 1) === '${'
      ? { hint: 'Inside { } and [ ], a text with ${…} needs quotes.' }
      : {}),
  };
}

/** A document of nothing but comments and markers; a written `null` is content. */
function isEmpty(document: Document.Parsed): boolean {
  const contents = document.contents as Scalar | null;
  return contents === null || ('source' in contents && contents.source === '');
}

function allValues(documents: readonly Document.Parsed[], source: SourceText): Parsed<YamlDocument[]> {
  const wrong = documents.flatMap((document) => referenceErrors(document, source));
  if (wrong.length > 0) return failed(...wrong);
  try {
    const values = documents.map((document) => document.toJS({ maxAliasCount: aliasCountMax }) as unknown);
    return {
      ok: true,
      value: documents.map((document, index) => yamlDocument(document, source, values[index])),
    };
  } catch (error) {
    if (!(error instanceof ReferenceError && error.message.startsWith('Excessive'))) throw error;
    const at = source.place(0, 1);
    return failed({ code: 'FD113', severity: 'error', message: 'its aliases repeat too much content', at });
  }
}

/**
 * What a value could not be made of: an alias without an anchor before it, an alias inside what it stands for (the value
 * would have no end), and a merge key (`<<`) of something that is no mapping.
 */
function referenceErrors(document: Document.Parsed, source: SourceText): Diagnostic[] {
  const anchors = new Map<string, Node>();
  const errors: Diagnostic[] = [];
  const refuse = (node: Node, message: string) => {
    const at = source.place(node.range![0], node.range![1] - node.range![0]);
    errors.push({ code: 'FD103', severity: 'error', message: `not valid YAML: ${message}`, at });
  };
  const isMapping = (node: unknown) => isMap(isAlias(node) ? anchors.get(node.source) : node);
  visit(document, {
    Node: (_key, node, ancestors) => {
      if (!isAlias(node)) {
        if (node.anchor) anchors.set(node.anchor, node);
        return;
      }
      const anchored = anchors.get(node.source);
      if (!anchored) refuse(node, `the alias *${node.source} has no anchor before it`);
      else if (ancestors.includes(anchored))
        refuse(node, `the alias *${node.source} is a part of what it stands for`);
    },
    Pair: (_key, { key, value }) => {
      if (!isScalar(key) || key.type !== 'PLAIN' || key.source !== '<<') return;
      const merged = isSeq(value) ? value.items : [value];
      if (!merged.every(isMapping)) refuse(key, 'what is merged is no mapping');
    },
  });
  return errors;
}
