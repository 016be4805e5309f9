// Numbers as both formats write them: Go's floating-point syntax without hexadecimal and underscores.

/** Plain decimal digits up to this length are exact in a double. */
const exactDigitsMax = 15;

const special: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** Powers of ten that are exact too: a quotient of two exact numbers is rounded once, as a decimal fraction has to be. */
const powersOfTen = Float64Array.from({ length: exactDigitsMax + 1 }, (_, exponent) => 10 ** exponent);

/** The number that stands at [start, end) of a text; undefined when it is none. */
export function parseNumber(text: string, start: number, end: number): number | undefined {
  if (end - start <= exactDigitsMax) {
    let digits = 0;
    let point = -1;
    let i = start;
    for (; i < end; i++) {
      const code = text.charCodeAt(i);
      if (code >= 0x30 && code <= 0x39) digits = digits * 10 + code - 0x30;
      else if (code === 0x2e && point < 0) point = i;
      else break;
    }
    if (i === end && end - start > (point < 0 ? 0 : 1))
      return point < 0 ? digits : digits / powersOfTen[end - 1 - point]!;
  }
  return parseWord(text.slice(start, end));
}

function parseWord(word: string): number | undefined {
  for (let i = 0; i < word.length; i++) {
    const code = word.charCodeAt(i);
    const digit = code >= 0x30 && code <= 0x39;
    // . + - E e: with these alone, JavaScript reads exactly what Go reads.
    if (!digit && code !== 0x2e && code !== 0x2b && code !== 0x2d && code !== 0x45 && code !== 0x65)
      return special[word.toLowerCase()];
  }
  const value = Number(word);
  return word === '' || Number.isNaN(value) ? undefined : value;
}

/** A bucket's bound in its normal form: `1.0`, `0.005`, `1e+06`, `+Inf`. The text itself when it is no number. */
export function normalBound(text: string): string {
  const value = parseNumber(text, 0, text.length);
  if (value === undefined) return text;
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (Number.isNaN(value)) return 'NaN';
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (value !== 0 && (exponent < -4 || exponent >= 6)) {
    const sign = exponent < 0 ? '-' : '+';
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const plain = Object.is(value, -0) ? '-0' : String(value);
  return plain.includes('.') ? plain : `${plain}.0`;
}
