// Whole numbers as decimal digits, written straight into bytes.

export const zero = 0x30;

const powers = Int32Array.from({ length: 10 }, (_, exponent) => 10 ** exponent);

/** Numbers beyond this part into an upper part and eight digits. */
const eightDigits = 1e8;
const int32Max = 0x7fffffff;

/** Writes a whole number from 0 to 2 ** 53; returns where it ends. */
export function writeWhole(buffer: Uint8Array, start: number, whole: number): number {
  if (whole > int32Max) {
    const upper = Math.floor(whole / eightDigits);
    return writeDigits(buffer, writeWhole(buffer, start, upper), whole - upper * eightDigits, 8);
  }
  // log10(2), as a fraction; one digit too few for some.
  const fewer = ((32 - Math.clz32(whole)) * 1233) >> 12;
  const digits = fewer + (whole >= powers[fewer]! ? 1 : 0);
  return writeDigits(buffer, start, whole, digits > 0 ? digits : 1);
}

/** Writes this many digits, zeros ahead; returns where they end. Of numbers below 2 ** 31, which divide faster. */
export function writeDigits(buffer: Uint8Array, start: number, whole: number, digits: number): number {
  const end = start + digits;
  let rest = whole | 0;
  let at = end;
  // Two at a time: half the divisions.
  while (at >= start + 2) {
    const next = (rest / 100) | 0;
    const pair = rest - next * 100;
    rest = next;
    const ten = (pair * 103) >> 10;
    buffer[--at] = zero + (pair - ten * 10);
    buffer[--at] = zero + ten;
  }
  if (at > start) buffer[--at] = zero + rest;
  return end;
}
