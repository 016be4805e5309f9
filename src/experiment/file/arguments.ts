// A document whose value was changed by arguments of the command line: what is wrong with such a value later is shown
// at the argument, not at the file.

import type { Diagnostic, Place } from '../../base/diagnostics.ts';
import type { YamlDocument, YamlPath } from '../../base/yaml.ts';

export interface Argument {
  readonly option: '--set' | '--target';
  readonly text: string;
  readonly value: unknown;
  /** Where the value begins in the text. */
  readonly valueOffset: number;
}

export interface Applied {
  readonly path: YamlPath;
  readonly argument: Argument;
}

/** `value` is the document's with the arguments applied; later ones win. */
export function withArguments(
  document: YamlDocument,
  value: unknown,
  applied: readonly Applied[],
): YamlDocument {
  const argumentAt = (path: YamlPath) =>
    applied.findLast((one) => one.path.every((segment, index) => segment === path[index]))?.argument;
  const placeOfValue = ({ option, text, valueOffset }: Argument) =>
    placeIn(option, text, valueOffset, text.length - valueOffset);
  return {
    ...document,
    value,
    placeOf: (path) => {
      const argument = argumentAt(path);
      return argument ? placeOfValue(argument) : document.placeOf(path);
    },
    placeOfKey: (path) => {
      const argument = argumentAt(path);
      if (!argument) return document.placeOfKey(path);
      return placeIn(argument.option, argument.text, 0, argument.valueOffset - 1);
    },
    placeInside: (path, offset, length = 1) => {
      const argument = argumentAt(path);
      if (!argument) return document.placeInside(path, offset, length);
      const { option, text, valueOffset, value: own } = argument;
      // Only a value that is its own text has its characters where they are written.
      const isOwnText = text.slice(valueOffset) === own;
      return isOwnText ? placeIn(option, text, valueOffset + offset, length) : placeOfValue(argument);
    },
    isPlain: (path) => argumentAt(path) !== undefined || document.isPlain(path),
  };
}

export function argumentError(
  option: Argument['option'],
  text: string,
  message: string,
  length: number,
  expected?: string,
): Diagnostic {
  const at = placeIn(option, text, 0, length);
  return { code: 'FD115', severity: 'error', message, at, ...(expected ? { expected } : {}) };
}

function placeIn(option: string, text: string, offset: number, length: number): Place {
  return { file: option, line: 1, column: offset + 1, length: Math.max(1, length), text };
}

/** Without the sharing that aliases bring, so that a value is changed in one place alone. */
export function deepCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepCopy);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, deepCopy(inner)]));
}
