// Numbers as Go and Prometheus write them. JavaScript and Go agree on the shortest digits that read back to the same
// float; they differ in when an exponent is used and how it is written.

/** As in Prometheus's JSON: shortest, an exponent below 1e-6 and from 1e21 on; `+Inf`, `-Inf`, `NaN`, `-0`. */
export function formatValue(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Go's `%f` with the fewest digits: never an exponent. */
export function formatPlain(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const { sign, digits, point } = decimal(value);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  if (point >= digits.length) return `${sign}${digits}${'0'.repeat(point - digits.length)}`;
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Go's `%g` with the fewest digits: an exponent below 1e-4 and from 1e6 on. */
export function formatGeneral(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const { sign, digits, point } = decimal(value);
  const exponent = point - 1;
  if (exponent >= -4 && exponent < 6) return formatPlain(value);
  const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** Go's `%.2g`: two significant digits. */
export function formatTwoDigits(value: number): string {
  if (!Number.isFinite(value)) return formatGeneral(value);
  return Math.abs(value) >= 100 || (value !== 0 && Math.abs(value) < 1e-4)
    ? value
        .toExponential(1)
        .replace(/\.0e/, 'e')
        .replace(/e([+-])(\d)$/, 'e$10$2')
    : formatPlain(Number(value.toPrecision(2)));
}

/** A `quantile` or `le` label's value as OpenMetrics wants it: a whole number gets `.0`. */
export function formatOpenMetricsNumber(value: number): string {
  const text = formatGeneral(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return undefined;
}

/** Sign, significant digits, and where the decimal point stands among them: 0.0012 is `12` with the point at -2. */
function decimal(value: number): { sign: string; digits: string; point: number } {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e');
  const digits = mantissa!.replace('.', '');
  return { sign: value < 0 ? '-' : '', digits, point: Number(exponent) + 1 };
}
