// Floating-point numbers as Go's strconv writes them: %e, %f and %g, with a precision or the fewest digits that
// read back as the same number. Rounds half to even on the exact decimal value.

/** Decimal digits d1 d2 … of |value| = 0.d1d2… times 10^point. */
interface Digits {
  readonly digits: string;
  readonly point: number;
}

const precisionMax = 100;

export function formatFloat(value: number, verb: 'e' | 'f' | 'g', precision: number | undefined): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const limited = precision === undefined ? undefined : Math.min(precision, precisionMax);
  return sign + formatMagnitude(Math.abs(value), verb, limited);
}

function formatMagnitude(value: number, verb: 'e' | 'f' | 'g', precision: number | undefined): string {
  const exact = precision === undefined ? shortest(value) : exactDigits(value);
  if (verb === 'e') {
    const rounded = precision === undefined ? exact : round(exact, precision + 1);
    return exponential(rounded, precision ?? Math.max(0, rounded.digits.length - 1));
  }
  if (verb === 'f') {
    const rounded = precision === undefined ? exact : round(exact, exact.point + precision);
    return fixed(rounded, precision ?? Math.max(0, rounded.digits.length - rounded.point));
  }
  const significant = precision === 0 ? 1 : precision;
  const rounded = significant === undefined ? exact : round(exact, significant);
  const exponent = rounded.point - 1;
  // The exponent form begins where the digits asked for no longer reach the point; at 6 for the shortest form.
  const threshold = significant ?? 6;
  if (value !== 0 && (exponent < -4 || exponent >= threshold))
    return exponential(rounded, Math.max(0, rounded.digits.length - 1));
  return fixed(rounded, Math.max(0, rounded.digits.length - rounded.point));
}

function shortest(value: number): Digits {
  return fromExponential(value.toExponential());
}

/** More digits than any number needs that a tie in rounding could depend on. */
function exactDigits(value: number): Digits {
  return fromExponential(value.toExponential(precisionMax));
}

function fromExponential(text: string): Digits {
  const [mantissa, exponent] = text.split('e') as [string, string];
  const digits = mantissa.replace('.', '').replace(/0+$/, '');
  return digits === '' ? { digits: '', point: 1 } : { digits, point: Number(exponent) + 1 };
}

/** Keeps `count` digits, half to even. */
function round(from: Digits, count: number): Digits {
  const { digits, point } = from;
  if (count >= digits.length) return from;
  if (count < 0) return { digits: '', point: 1 };
  const rest = digits.slice(count);
  const kept = digits.slice(0, count);
  const isTie = rest === '5';
  const lastIsOdd = count > 0 && Number(kept.at(-1)) % 2 === 1;
  const up = isTie ? lastIsOdd : rest[0]! >= '5';
  if (!up) return { digits: kept.replace(/0+$/, ''), point: kept.replace(/0+$/, '') === '' ? 1 : point };
  const raised = (BigInt(`0${kept}`) + 1n).toString().padStart(count, '0');
  return { digits: raised.replace(/0+$/, ''), point: point + (raised.length - count) };
}

function fixed({ digits, point }: Digits, decimals: number): string {
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, '0') || '0' : '0';
  const fraction = (point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits).padEnd(decimals, '0');
  return decimals > 0 ? `${whole}.${fraction.slice(0, decimals)}` : whole;
}

function exponential({ digits, point }: Digits, decimals: number): string {
  const exponent = digits === '' ? 0 : point - 1;
  const fraction = digits.slice(1).padEnd(decimals, '0').slice(0, decimals);
  const sign = exponent < 0 ? '-' : '+';
  return `${digits[0] ?? '0'}${fraction ? `.${fraction}` : ''}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
