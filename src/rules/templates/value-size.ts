// How much a value holds, so that a template cannot double one until memory ends.

import { isList, Struct, type Value } from './values.ts';

/** Characters and entries that one value, or the arguments of one call, may hold. */
export const valueSizeMax = 4 * 1024 * 1024;

/** Collections never change, and may hold one another many times. */
const known = new WeakMap<object, number>();

export function sizeOf(value: Value): number {
  if (typeof value === 'string') return value.length;
  if (value === null || typeof value !== 'object' || value instanceof Struct) return 1;
  let size = known.get(value);
  if (size === undefined) {
    size = 1;
    if (isList(value)) for (const item of value) size += sizeOf(item);
    else for (const [key, item] of value) size += key.length + sizeOf(item);
    known.set(value, size);
  }
  return size;
}
