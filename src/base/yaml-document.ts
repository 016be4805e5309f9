// One parsed YAML document and the way back from a path in its value to a place in its text.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Node,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Place } from './diagnostics.ts';
import { scalarOffsets } from './yaml-scalar.ts';

export type YamlPath = readonly (string | number)[];

export interface YamlDocument {
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  /** The place of the value at `path`, or of the nearest node above it that exists. */
  placeOf(path: YamlPath): Place;
  /** The place of the key that names the value at `path`. */
  placeOfKey(path: YamlPath): Place;
  /**
   * The place of character `offset` inside the string value at `path`, in any style of scalar: for errors inside an
   * embedded expression.
   */
  placeInside(path: YamlPath, offset: number, length?: number): Place;
  /** How the value at `path` is called in messages: `spec.faults[0].kind`. */
  nameOf(path: YamlPath): string;
  /** Whether the value at `path` is a scalar without quotes, whose type YAML takes from its text. */
  isPlain(path: YamlPath): boolean;
}

/** A text with its lines; turns offsets into places whose columns count characters, not UTF-16 units. */
export class SourceText {
  readonly file: string;
  readonly text: string;
  readonly #lines: readonly string[];
  readonly #lineCounter: LineCounter;

  constructor(file: string, text: string, lineCounter: LineCounter) {
    this.file = file;
    this.text = text;
    this.#lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
    this.#lineCounter = lineCounter;
  }

  /** Length is in UTF-16 units as the parser gives it; a place ends with its line. */
  place(offset: number, length: number): Place {
    const { line, col } = this.#lineCounter.linePos(offset);
    const text = this.#lines[line - 1] ?? '';
    const before = characterCount(text.slice(0, col - 1));
    const marked = characterCount(text.slice(col - 1, col - 1 + length));
    return { file: this.file, line, column: before + 1, length: Math.max(1, marked), text };
  }
}

function characterCount(text: string): number {
  return [...text].length;
}

export function yamlDocument(document: Document.Parsed, source: SourceText, value: unknown): YamlDocument {
  const placeOfNode = (node: Node | undefined): Place => {
    const range = node?.range;
    return range ? source.place(range[0], range[1] - range[0]) : source.place(0, 1);
  };
  const nodeAt = (path: YamlPath): Node | undefined => {
    let node: Node | undefined = document.contents ?? undefined;
    for (const segment of path) {
      const next: Node | undefined = childOf(document, node, segment);
      if (!next) break;
      node = next;
    }
    return node;
  };
  return {
    file: source.file,
    text: source.text,
    value,
    placeOf: (path) => placeOfNode(nodeAt(path)),
    placeOfKey: (path) => {
      const parent = resolved(document, nodeAt(path.slice(0, -1)));
      const pair = isMap(parent) ? pairOf(document, parent, path.at(-1)!) : undefined;
      return placeOfNode((pair?.key as Node | undefined) ?? nodeAt(path));
    },
    placeInside: (path, offset, length = 1) => {
      const node = resolved(document, nodeAt(path));
      if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return placeOfNode(node);
      const [start, end] = node.range;
      const offsets = scalarOffsets(source.text, start, end, node.value);
      if (!offsets || node.value.trim() === '') return placeOfNode(node);
      // What is missing at the end of an expression is missing behind its last character that can be seen.
      const from = offsets[offset] ?? offsets[node.value.trimEnd().length - 1]! + 1;
      const to = offsets[offset + length - 1] ?? from;
      return source.place(from, to - from + 1);
    },
    nameOf: formatPath,
    isPlain: (path) => {
      const node = resolved(document, nodeAt(path));
      return isScalar(node) && node.type === 'PLAIN';
    },
  };
}

/** `spec.faults[0].spec`; keys that hold a dot are quoted. */
function formatPath(path: YamlPath): string {
  if (path.length === 0) return 'the document';
  return path
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`;
      if (!/^[^.[\]"\s]+$/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join('');
}

function resolved(document: Document.Parsed, node: Node | undefined): Node | undefined {
  return isAlias(node) ? node.resolve(document) : node;
}

function childOf(
  document: Document.Parsed,
  parent: Node | undefined,
  segment: string | number,
): Node | undefined {
  const node = resolved(document, parent);
  if (isSeq(node)) return (node.items[Number(segment)] as Node | null | undefined) ?? undefined;
  if (!isMap(node)) return undefined;
  // A key without a value has a pair whose value is null; its place is the key's.
  const pair = pairOf(document, node, segment);
  return (pair?.value ?? pair?.key ?? undefined) as Node | undefined;
}

/** The pair of a key, also where a merge key (`<<`) brings it in. */
function pairOf(document: Document.Parsed, map: YAMLMap, key: string | number): Pair | undefined {
  const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(key));
  if (own) return own;
  for (const pair of map.items) {
    if (!isScalar(pair.key) || pair.key.source !== '<<') continue;
    const value = resolved(document, pair.value as Node | undefined);
    const sources = isSeq(value) ? value.items.map((item) => resolved(document, item as Node)) : [value];
    for (const source of sources) {
      const found = isMap(source) ? pairOf(document, source, key) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}
