// `${NAME}` and `${NAME:-default}` in any string of a file, after it was parsed: a value from the environment can never
// change the file's structure. `$${` stands for a plain `${`. What the environment gave is a secret, and places inside a
// string still point at the text of the file.

import { parse } from 'yaml';
import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import { redacted } from '../../base/redact.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  /** With every string as it is after substitution. */
  readonly document: YamlDocument;
  /** The same value with what came from the environment replaced by `<redacted>`. */
  readonly redactedValue: unknown;
  /**
   * Values that came from the environment, but not those that the file itself says somewhere, as a key, a value or a
   * default: they are no secret, and hunting a word such as `http` through every report would destroy it.
   */
  readonly secrets: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Where values and keys stand that could not be substituted: what else is wrong with them follows from that. */
  readonly broken: readonly Place[];
  /**
   * The number or boolean that the text at a path reads as, when something was substituted in it. Quotes do not matter:
   * inside `{ }` YAML asks for them around `${…}`.
   */
  readScalar(path: YamlPath): number | boolean | undefined;
}

/** A stretch of a substituted string, and the stretch of the file's string that it came from. */
interface Piece {
  readonly text: string;
  readonly offset: number;
  readonly length: number;
  readonly origin: 'file' | 'environment';
}

export function substitute(document: YamlDocument, environment: Environment): Substituted {
  const reader = new SubstitutionReader(document, environment);
  reader.read(document.value, []);
  const piecesAt = (path: YamlPath) => reader.found.get(JSON.stringify(path));
  const write = (pieceText: (piece: Piece) => string) =>
    rewritten(document.value, [], (text, path) => piecesAt(path)?.map(pieceText).join('') ?? text);
  return {
    document: {
      ...document,
      value: write((piece) => piece.text),
      placeInside: (path, offset, length = 1) => {
        const pieces = piecesAt(path);
        if (!pieces) return document.placeInside(path, offset, length);
        const from = offsetInFile(pieces, offset);
        const to = offsetInFile(pieces, offset + length - 1);
        return document.placeInside(path, from.start, Math.max(1, to.end - from.start));
      },
    },
    redactedValue: write((piece) => (piece.origin === 'environment' ? redacted : piece.text)),
    secrets: [...reader.secrets].filter((secret) => !reader.written.has(secret)),
    diagnostics: reader.diagnostics,
    broken: reader.broken,
    readScalar: (path) => {
      const pieces = piecesAt(path);
      return pieces && scalarValue(pieces.map((piece) => piece.text).join(''));
    },
  };
}

/** A copy of the value with each of its strings written anew. */
function rewritten(value: unknown, path: YamlPath, write: (text: string, path: YamlPath) => string): unknown {
  if (typeof value === 'string') return write(value, path);
  if (Array.isArray(value)) return value.map((entry, index) => rewritten(entry, [...path, index], write));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, rewritten(inner, [...path, key], write)]);
  return Object.fromEntries(entries);
}

/** Finds every substitution of a value and looks its variable up. */
class SubstitutionReader {
  /** By path, as JSON. */
  readonly found = new Map<string, readonly Piece[]>();
  readonly secrets = new Set<string>();
  /** Every word that stands in the file itself. */
  readonly written = new Set<string>();
  readonly diagnostics: Diagnostic[] = [];
  readonly broken: Place[] = [];
  readonly #document: YamlDocument;
  readonly #environment: Environment;

  constructor(document: YamlDocument, environment: Environment) {
    this.#document = document;
    this.#environment = environment;
  }

  read(value: unknown, path: YamlPath): void {
    if (value === null || typeof value !== 'object') this.written.add(String(value));
    if (typeof value === 'string') {
      if (!value.includes('${')) return;
      const pieces = splitParts(value).map((part) => this.#piece(part, path));
      this.found.set(JSON.stringify(path), pieces);
    } else if (Array.isArray(value)) {
      for (const [index, entry] of value.entries()) this.read(entry, [...path, index]);
    } else if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) {
        this.written.add(key);
        if (key.includes('${')) this.#refuseKey(key, path);
        this.read(inner, [...path, key]);
      }
    }
  }

  #piece(part: Part, path: YamlPath): Piece {
    const { offset, length } = part;
    if (part.kind === 'text') return { text: part.text, offset, length, origin: 'file' };
    if (part.kind === 'malformed') {
      this.#complain(
        'FD114',
        `${part.text} is no substitution`,
        path,
        part,
        '${NAME}, ${NAME:-default}, or $${ for a plain ${',
      );
      return { text: part.text, offset, length, origin: 'file' };
    }
    if (part.fallback !== undefined) this.written.add(part.fallback);
    const value = Object.hasOwn(this.#environment, part.name) ? this.#environment[part.name] : undefined;
    if (part.fallback !== undefined && !value) return { text: part.fallback, offset, length, origin: 'file' };
    if (value === undefined) {
      this.#complain('FD108', `the environment variable ${part.name} is not set`, path, part);
      return { text: '', offset, length, origin: 'environment' };
    }
    if (value !== '') this.secrets.add(value);
    return { text: value, offset, length, origin: 'environment' };
  }

  #complain(code: 'FD108' | 'FD114', message: string, path: YamlPath, part: Part, expected?: string): void {
    this.broken.push(this.#document.placeOf(path));
    const at = this.#document.placeInside(path, part.offset, part.length);
    this.diagnostics.push({ code, severity: 'error', message, at, ...(expected ? { expected } : {}) });
  }

  #refuseKey(key: string, path: YamlPath): void {
    const at = this.#document.placeOfKey([...path, key]);
    this.broken.push(at);
    this.diagnostics.push({
      code: 'FD114',
      severity: 'error',
      message: `the key ${JSON.stringify(key)} in ${this.#document.nameOf(path)} cannot come from the environment`,
      at,
      expected: 'a key without ${',
    });
  }
}

type Part = { readonly offset: number; readonly length: number } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'malformed'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly fallback: string | undefined }
);

/**
 * `${1}` is left alone: it is a group of a regular expression (label_replace), and no variable can be named so.
 */
const partPattern = /\$\$\{|\$\{(?:[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?|\d+)\}|\$\{[^}\n]*\}?/g;

function splitParts(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  const plain = (until: number) => {
    if (until > end)
      parts.push({ kind: 'text', text: text.slice(end, until), offset: end, length: until - end });
  };
  for (const match of text.matchAll(partPattern)) {
    plain(match.index);
    parts.push({ ...partOf(match[0]), offset: match.index, length: match[0].length });
    end = match.index + match[0].length;
  }
  plain(text.length);
  return parts;
}

function partOf(written: string) {
  if (written === '$${') return { kind: 'text', text: '${' } as const;
  if (/^\$\{\d+\}$/.test(written)) return { kind: 'text', text: written } as const;
  const [, name, fallback] = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}$/.exec(written) ?? [];
  // A default that begins another substitution would end at the wrong brace.
  if (name === undefined || fallback?.includes('${')) return { kind: 'malformed', text: written } as const;
  return { kind: 'variable', name, fallback } as const;
}

/** Where a character of the substituted string came from; the whole `${…}` for one that was put in. */
function offsetInFile(pieces: readonly Piece[], offset: number): { start: number; end: number } {
  let at = 0;
  for (const piece of pieces) {
    if (offset < at + piece.text.length) {
      if (piece.text.length !== piece.length || piece.origin === 'environment')
        return { start: piece.offset, end: piece.offset + piece.length };
      return { start: piece.offset + offset - at, end: piece.offset + offset - at + 1 };
    }
    at += piece.text.length;
  }
  const last = pieces.at(-1);
  const end = (last?.offset ?? 0) + (last?.length ?? 0);
  return { start: end, end };
}

function scalarValue(text: string): number | boolean | undefined {
  try {
    const value: unknown = parse(text, { logLevel: 'error' });
    return typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The text that substitution turns into `text`. */
export function escapeSubstitutions(text: string): string {
  return text.replaceAll('${', () => '$${');
}
