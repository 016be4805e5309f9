// Number literals with Go's grammar: hexadecimal, octal by a leading zero, underscores between digits, Inf and NaN in
// any case.

/** The value of a literal, or undefined when the text is none or is too large for a float. */
export function parseNumber(text: string): number | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const body = text.slice(sign.length);
  const magnitude = parseInteger(body) ?? parseFloatLiteral(body);
  return magnitude === undefined ? undefined : sign === '-' ? -magnitude : magnitude;
}

/** A float as Go's ParseFloat reads it, without the integer forms: `le` and `quantile` label values. */
export function parseFloatText(text: string): number | undefined {
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  const magnitude = parseFloatLiteral(text.slice(sign.length));
  return magnitude === undefined ? undefined : sign === '-' ? -magnitude : magnitude;
}

function parseInteger(text: string): number | undefined {
  if (!/^\d/.test(text) || !/^(?:0[xXbBoO])?_?[\da-fA-F]+(?:_[\da-fA-F]+)*$/.test(text)) return undefined;
  const plain = text.replaceAll('_', '');
  if (/^0[xX][\da-fA-F]+$/.test(plain)) return integerOf(plain);
  if (/^0[bB][01]+$/.test(plain)) return integerOf(plain);
  if (/^0[oO]?[0-7]+$/.test(plain)) return integerOf(`0o${plain.replace(/^0[oO]?/, '')}`);
  if (/^(?:0|[1-9]\d*)$/.test(plain)) return integerOf(plain);
  return undefined;
}

const integerMax = 2n ** 63n - 1n;

function integerOf(text: string): number | undefined {
  const value = BigInt(text);
  return value <= integerMax ? Number(value) : undefined;
}

function parseFloatLiteral(text: string): number | undefined {
  if (/^inf(?:inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (!/^(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/.test(text)) return undefined;
  const value = Number(text.replaceAll('_', ''));
  return Number.isFinite(value) ? value : undefined;
}
