// `${name}` and `$name` in an experiment of Chaos Toolkit, with the meaning of Python's string.Template: `$$` is a plain
// `$`, and what names nothing stays as it is. A string that is nothing but one `${name}` becomes the value in its own
// type. Configuration speaks before secrets, an earlier group of secrets before a later one.
// https://docs.python.org/3/library/string.html#template-strings

import type { Configuration, Secrets } from './model.ts';

export type Variables = ReadonlyMap<string, unknown>;

export function variablesOf(configuration: Configuration, secrets: Secrets): Variables {
  const layers = [configuration, ...Object.values(secrets)].reverse();
  return new Map(layers.flatMap((layer) => Object.entries(layer)));
}

const identifier = '[_A-Za-z][_A-Za-z0-9]*';
const whole = new RegExp(`^\\$\\{(${identifier})\\}$`);
const reference = new RegExp(`\\$(?:(\\$)|\\{(${identifier})\\}|(${identifier}))`, 'g');

/** A copy of the value with the strings inside it substituted; keys stay. */
export function substitute(value: unknown, variables: Variables): unknown {
  if (typeof value === 'string') return substituteText(value, variables);
  if (Array.isArray(value)) return value.map((entry) => substitute(entry, variables));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, substitute(inner, variables)]));
}

function substituteText(text: string, variables: Variables): unknown {
  const only = whole.exec(text)?.[1];
  if (only !== undefined && variables.has(only)) return variables.get(only);
  return text.replace(reference, (found, escaped, braced, bare) => {
    if (escaped) return '$';
    const name: string = braced ?? bare;
    return variables.has(name) ? pythonText(variables.get(name)) : found;
  });
}

export interface Reference {
  readonly name: string;
  readonly offset: number;
  readonly length: number;
}

/** Every `${name}` of a text. `$name` is left out: it is far more often a shell's than a mistake. */
export function referencesIn(text: string): Reference[] {
  return [...text.matchAll(reference)].flatMap((match) =>
    match[2] === undefined ? [] : [{ name: match[2], offset: match.index, length: match[0].length }],
  );
}

/** As Python's str() writes a value into a text or onto a command line. */
export function pythonText(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
