// The functions that Go's text/template always has. `and` and `or` stand in the executor, because they leave the
// arguments behind the deciding one unevaluated.

import { type FunctionMap, type TemplateFunction, TemplateValueError } from './function.ts';
import { sprintf } from './printf.ts';
import { isList, isTrue, printValue, StringMap, Struct, typeName, type Value } from './values.ts';

const comparison = (test: (order: number) => boolean): TemplateFunction => ({
  parameters: ['any', 'any'],
  call: (a, b) => test(order(a!, b!)),
});

export const builtins: FunctionMap = new Map<string, TemplateFunction>([
  ['and', { parameters: ['any'], rest: 'any', call: () => null }],
  ['or', { parameters: ['any'], rest: 'any', call: () => null }],
  ['not', { parameters: ['any'], call: (value) => !isTrue(value!) }],
  ['eq', { parameters: ['any', 'any'], rest: 'any', call: (a, ...rest) => rest.some((b) => equal(a!, b)) }],
  ['ne', { parameters: ['any', 'any'], call: (a, b) => !equal(a!, b!) }],
  ['lt', comparison((result) => result < 0)],
  ['le', comparison((result) => result <= 0)],
  ['gt', comparison((result) => result > 0)],
  ['ge', comparison((result) => result >= 0)],
  ['len', { parameters: ['any'], call: (value) => BigInt(length(value!)) }],
  ['index', { parameters: ['any'], rest: 'any', call: (value, ...keys) => keys.reduce(indexOnce, value!) }],
  ['slice', { parameters: ['any'], rest: 'int', call: slice }],
  ['print', { parameters: [], rest: 'any', call: (...values) => print(values) }],
  ['println', { parameters: [], rest: 'any', call: (...values) => `${values.map(printValue).join(' ')}\n` }],
  [
    'printf',
    { parameters: ['string'], rest: 'any', call: (format, ...args) => sprintf(format as string, args) },
  ],
  [
    'call',
    {
      parameters: ['any'],
      rest: 'any',
      // No value of a template is a function; methods are called by their names.
      call: (value) => {
        throw new TemplateValueError(`non-function ${printValue(value!)} of type ${typeName(value!)}`);
      },
    },
  ],
  ['html', { parameters: [], rest: 'any', call: (...values) => escapeHtml(print(values)) }],
  ['js', { parameters: [], rest: 'any', call: (...values) => escapeJavaScript(print(values)) }],
  ['urlquery', { parameters: [], rest: 'any', call: (...values) => escapeQuery(print(values)) }],
]);

/** Spaces stand between two values when neither is a string, as in fmt.Sprint. */
function print(values: readonly Value[]): string {
  return values
    .map((value, i) => {
      const apart = i > 0 && typeof value !== 'string' && typeof values[i - 1] !== 'string';
      return (apart ? ' ' : '') + printValue(value);
    })
    .join('');
}

function equal(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  if (!isBasic(a) || !isBasic(b)) {
    if (typeName(a) !== typeName(b)) throw new TemplateValueError('incompatible types for comparison');
    throw new TemplateValueError(`non-comparable type ${typeName(a)}`);
  }
  if (typeof a !== typeof b) throw new TemplateValueError('incompatible types for comparison');
  return a === b;
}

/** Below, at or above zero; NaN is below nothing and above nothing. */
function order(a: Value, b: Value): number {
  if (!isBasic(a) || typeof a === 'boolean' || !isBasic(b) || typeof b === 'boolean')
    throw new TemplateValueError('invalid type for comparison');
  if (typeof a !== typeof b) throw new TemplateValueError('incompatible types for comparison');
  if (a < b) return -1;
  return a > b ? 1 : a === b ? 0 : Number.NaN;
}

function isBasic(value: Value): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value);
}

function length(value: Value): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (isList(value)) return value.length;
  if (value instanceof Map) return value.size;
  throw new TemplateValueError(`len of type ${typeName(value)}`);
}

function indexOnce(value: Value, key: Value): Value {
  if (value instanceof Map) {
    if (typeof key !== 'string')
      throw new TemplateValueError(`value has type ${typeName(key)}; should be string`);
    return value.get(key) ?? (value instanceof StringMap ? '' : null);
  }
  if (typeof key !== 'bigint')
    throw new TemplateValueError(`cannot index slice/array with type ${typeName(key)}`);
  const at = Number(key);
  if (isList(value)) {
    if (at < 0 || at >= value.length) throw new TemplateValueError(`index out of range: ${key}`);
    return value[at]!;
  }
  if (typeof value === 'string') {
    const bytes = Buffer.from(value);
    if (at < 0 || at >= bytes.length) throw new TemplateValueError(`index out of range: ${key}`);
    return BigInt(bytes[at]!);
  }
  if (value === null) throw new TemplateValueError('index of untyped nil');
  throw new TemplateValueError(
    `can't index item of type ${value instanceof Struct ? value.typeName : typeName(value)}`,
  );
}

function slice(value: Value | undefined, ...bounds: Value[]): Value {
  if (bounds.length > 2) throw new TemplateValueError(`too many slice indexes: ${bounds.length}`);
  const size = length(value ?? null);
  const from = Number(bounds[0] ?? 0n);
  const to = Number(bounds[1] ?? BigInt(size));
  for (const bound of [from, to]) {
    if (bound < 0 || bound > size) throw new TemplateValueError(`index out of range: ${bound}`);
  }
  if (from > to) throw new TemplateValueError(`invalid slice index: ${from} > ${to}`);
  if (typeof value === 'string') return Buffer.from(value).subarray(from, to).toString();
  if (value !== undefined && isList(value)) return value.slice(from, to);
  throw new TemplateValueError(`can't slice item of type ${typeName(value ?? null)}`);
}

const htmlEscapes: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
  '\0': '\uFFFD',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"'\0]/g, (char) => htmlEscapes[char]!);
}

function escapeJavaScript(text: string): string {
  return text.replace(/[\\'"<>&=]|[\0-\x1f]/g, (char) => {
    if (char === '\\' || char === "'" || char === '"') return `\\${char}`;
    return `\\u${char.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
}

/** Form encoding: a space is a plus sign. */
export function escapeQuery(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
