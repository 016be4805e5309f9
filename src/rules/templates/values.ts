// The values that templates compute with, as Go sees them. Go's int is a bigint here and float64 a number, because
// templates tell them apart: `eq $value 1` compares a float with an int and is an error, `eq $value 1.0` is not.

import { formatFloat } from './float-format.ts';

export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly Value[]
  | ReadonlyMap<string, Value>
  | Struct;

/** A method: called with the arguments of the template, already evaluated. */
export type Method = (...args: Value[]) => Value;

/** A map[string]string: a missing key is the empty string, where other maps give no value. */
export class StringMap extends Map<string, string> {}

/** A Go struct with exported fields and methods. */
export class Struct {
  readonly typeName: string;
  readonly members: Readonly<Record<string, Value | Method>>;
  readonly #print: (() => string) | undefined;

  constructor(typeName: string, members: Readonly<Record<string, Value | Method>>, print?: () => string) {
    this.typeName = typeName;
    this.members = members;
    this.#print = print;
  }

  /** The member of that name; a name that an object inherits from JavaScript is none. */
  member(name: string): Value | Method | undefined {
    return Object.hasOwn(this.members, name) ? this.members[name] : undefined;
  }

  toString(): string {
    if (this.#print) return this.#print();
    const fields = Object.values(this.members).filter((member) => typeof member !== 'function');
    return `{${fields.map((field) => printValue(field as Value)).join(' ')}}`;
  }
}

/** A named Go type of a list or map: its methods, and how it prints where it says so itself. */
export interface NamedType {
  readonly name: string;
  readonly methods: Readonly<Record<string, Method>>;
  readonly print?: () => string;
}

const namedTypes = new WeakMap<object, NamedType>();

/** Gives the list or map that type. */
export function withType<T extends readonly Value[] | ReadonlyMap<string, Value>>(
  value: T,
  type: NamedType,
): T {
  namedTypes.set(value, type);
  return value;
}

function typeOf(value: Value): NamedType | undefined {
  return typeof value === 'object' && value !== null ? namedTypes.get(value) : undefined;
}

/** The method of that name of a list or map with a named type. */
export function methodOf(value: Value, name: string): Method | undefined {
  const methods = typeOf(value)?.methods;
  return methods && Object.hasOwn(methods, name) ? methods[name] : undefined;
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** What `if`, `with`, `and` and `or` go by: zero values and empty collections are false. */
export function isTrue(value: Value): boolean {
  if (isList(value)) return value.length > 0;
  if (value instanceof Map) return value.size > 0;
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

/** Go's name of a value's type, for error messages. */
export function typeName(value: Value): string {
  if (value === null) return 'nil';
  const named = typeOf(value);
  if (named) return named.name;
  if (value instanceof StringMap) return 'map[string]string';
  if (value instanceof Map) return 'map[string]interface {}';
  if (value instanceof Struct) return value.typeName;
  if (isList(value)) return '[]interface {}';
  const names: Record<string, string> = {
    string: 'string',
    number: 'float64',
    bigint: 'int',
    boolean: 'bool',
  };
  return names[typeof value] ?? typeof value;
}

/** A value as an action prints it, which is how Go's fmt.Print does. */
export function printValue(value: Value): string {
  if (value === null) return '<nil>';
  const print = typeOf(value)?.print;
  if (print) return print();
  if (typeof value === 'number') return formatFloat(value, 'g', undefined);
  if (isList(value)) return `[${value.map(printValue).join(' ')}]`;
  if (value instanceof Map) {
    const entries = [...value].sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${entries.map(([key, entry]) => `${key}:${printValue(entry)}`).join(' ')}]`;
  }
  return String(value);
}
