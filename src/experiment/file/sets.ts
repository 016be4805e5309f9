// `--set path=value`: a value of the file, replaced or added on the command line. What is wrong with it later is shown
// at the argument, not at the file.

import { type Diagnostic, nearest } from '../../base/diagnostics.ts';
import { type Parsed, parseYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { type Applied, type Argument, argumentError, deepCopy, withArguments } from './arguments.ts';

interface SetArgument extends Argument {
  readonly path: readonly (string | number)[];
}

/** The document with every `--set` applied, in their order. */
export function applySets(document: YamlDocument, sets: readonly string[]): Parsed<YamlDocument> {
  const value = deepCopy(document.value);
  const diagnostics: Diagnostic[] = [];
  const applied: Applied[] = [];
  for (const text of sets) {
    const argument = parseSet(text);
    if (typeof argument === 'string') {
      diagnostics.push(argumentError('--set', text, argument, text.length));
      continue;
    }
    const outcome = setValue(value, argument, document);
    if ('path' in outcome) applied.push({ path: outcome.path, argument });
    else
      diagnostics.push(
        argumentError('--set', text, outcome.message, argument.valueOffset - 1, outcome.expected),
      );
  }
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  return { ok: true, value: withArguments(document, value, applied) };
}

const segmentPattern = /\.?([^.[\]="\s]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** The argument in its parts, or what is wrong with it. */
function parseSet(text: string): SetArgument | string {
  const path: (string | number)[] = [];
  let at = 0;
  while (at < text.length && text[at] !== '=') {
    segmentPattern.lastIndex = at;
    const match = segmentPattern.exec(text);
    if (!match || (at === 0 ? /^[.[]/ : /^[^.[]/).test(match[0]))
      return 'no path such as spec.faults[0].spec.duration';
    const [, bare, index, quoted] = match;
    path.push(bare ?? (index !== undefined ? Number(index) : JSON.parse(`"${quoted}"`)));
    at = segmentPattern.lastIndex;
  }
  if (path.length === 0 || text[at] !== '=') return 'no path=value';
  const written = text.slice(at + 1);
  if (written.trim() === '') return { option: '--set', text, path, value: '', valueOffset: at + 1 };
  const parsed = parseYaml('--set', written);
  if (!parsed.ok) return `the value is ${parsed.diagnostics[0]!.message}`;
  return { option: '--set', text, path, value: parsed.value.value, valueOffset: at + 1 };
}

type Outcome = { readonly path: YamlPath } | { readonly message: string; readonly expected?: string };

/** Walks down to the place, by key, by index, or by the name of an entry; mappings on the way are made. */
function setValue(root: unknown, argument: SetArgument, { nameOf }: YamlDocument): Outcome {
  const path: (string | number)[] = [];
  let parent = root;
  for (const [depth, segment] of argument.path.entries()) {
    const isLast = depth === argument.path.length - 1;
    if (Array.isArray(parent)) {
      const index = entryIndex(parent, segment);
      if (index === undefined) return noEntry(nameOf(path), parent, segment);
      path.push(index);
      if (isLast) parent[index] = argument.value;
      else parent = parent[index];
    } else if (parent !== null && typeof parent === 'object') {
      const mapping = parent as Record<string, unknown>;
      const key = String(segment);
      path.push(key);
      if (isLast) define(mapping, key, argument.value);
      else {
        if (!Object.hasOwn(mapping, key)) {
          if (typeof argument.path[depth + 1] === 'number') return noKey(nameOf(path), mapping, key);
          define(mapping, key, {});
        }
        parent = mapping[key];
      }
    } else {
      return { message: `${nameOf(path)} has no parts`, expected: 'the path of a mapping or a list' };
    }
  }
  return { path };
}

function define(mapping: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(mapping, key, { value, enumerable: true, configurable: true, writable: true });
}

function entryIndex(entries: readonly unknown[], segment: string | number): number | undefined {
  if (typeof segment === 'number') return segment < entries.length ? segment : undefined;
  const index = entries.findIndex((entry) => nameOf(entry) === segment);
  return index < 0 ? undefined : index;
}

function noEntry(list: string, entries: readonly unknown[], segment: string | number): Outcome {
  const names = entries.map(nameOf).filter((entryName) => entryName !== undefined);
  const message = `${list} has ${entries.length} ${entries.length === 1 ? 'entry' : 'entries'}, and no ${JSON.stringify(segment)}`;
  const near = typeof segment === 'string' ? nearest(segment, names) : undefined;
  const indices =
    entries.length > 0 ? `an index from 0 to ${entries.length - 1}` : 'no index: the list is empty';
  return {
    message,
    expected: near ?? (names.length > 0 ? `${indices}, or one of ${names.join(', ')}` : indices),
  };
}

function noKey(list: string, mapping: Record<string, unknown>, key: string): Outcome {
  const keys = Object.keys(mapping);
  const message = `there is no list ${list}`;
  return { message, expected: nearest(key, keys) ?? `one of ${keys.join(', ')}` };
}

function nameOf(entry: unknown): string | undefined {
  const { name } = (entry ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : undefined;
}
