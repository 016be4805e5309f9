// Times and numbers as Go's JSON writes them in the API's status answers.

/** RFC 3339; Go's zero time when there is none. */
export function goTime(ms: number | undefined): string {
  if (ms === undefined) return '0001-01-01T00:00:00Z';
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** `%e` with the fewest digits: `1e+00`. */
export function goExponent(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = Object.is(value, -0) ? '-' : '';
  return sign + value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
