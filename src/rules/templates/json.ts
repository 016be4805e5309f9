// JSON as Go writes it: what would end a script or an attribute is written as an escape.

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

/** Maps become objects with sorted keys, Go's integers numbers; what has a toJSON says itself what it is. */
export function goJson(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Map)
      return Object.fromEntries([...(inner as Map<string, unknown>)].sort(([a], [b]) => (a < b ? -1 : 1)));
    return typeof inner === 'bigint' ? Number(inner) : inner;
  });
  return text.replace(/[<>&\u2028\u2029]/g, (char) => escapes[char]!);
}
