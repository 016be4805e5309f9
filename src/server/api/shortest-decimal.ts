// The shortest decimal that reads back to a number, without making a string of it first. Of a number from a millionth to
// ten thousand million million, times the power of ten that leaves 17 digits before the point: that power is a double,
// and Dekker's product ("A floating-point technique for extending the available precision", 1971) keeps what the product
// rounds away, so the digits are known to the last. They are dropped from the end as long as what remains lies nearer to
// the number than half the distance to the next double (Steele and White, "How to print floating-point numbers
// accurately", 1990). The few numbers for which a rounding could decide are left to the caller.

import { writeDigits, zero } from './decimal-bytes.ts';

const point = 0x2e;

/** Numbers that are written here. Below, JSON of Prometheus has an exponent; above, there is no room for fractions. */
const smallest = 1e-6;
const greatest = 1e16;

const digitsMax = 17;
/** Digits are held in two whole numbers of 32 bits, the second of so many. */
const lowDigits = 8;
const lowRange = 10 ** lowDigits;
/** Sums of what lies below the first digits are rounded to this: whoever is nearer to an edge is not decided here. */
const doubt = 1e-6;

const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
const inverses = powers.map((power) => 1 / power);
/** Veltkamp's: multiplied by this, a double parts in two halves of 26 bits. */
const splitter = 2 ** 27 + 1;
const powersHigh = powers.map((power) => splitter * power - (splitter * power - power));

/** Half the distance of two neighbours, for each power of two that the numbers above have. */
const halfBias = 20;
const halves = Float64Array.from({ length: 75 }, (_, i) => 2 ** (i - halfBias - 53));

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
// The word with sign and exponent.
float[0] = 1;
const upper = words[1] === 0 ? 0 : 1;

/** Writes a positive number and returns where it ends; `start` where it cannot say for sure, and has written nothing. */
export function writeShortest(buffer: Uint8Array, start: number, value: number): number {
  if (!(value >= smallest && value < greatest)) return start;
  float[0] = value;
  const head = words[upper]!;
  // The numbers beside a power of two are not equally far.
  if ((head & 0xfffff) === 0 && words[1 - upper] === 0) return start;
  const exponent = (head >>> 20) - 1023;
  // log10(2); too small by one at most.
  let magnitude = Math.floor(exponent * 0.30102999566398);
  if (value >= (magnitude >= -1 ? powers[magnitude + 1]! : 1 / powers[-magnitude - 1]!)) magnitude++;

  const scale = digitsMax - 1 - magnitude;
  const power = powers[scale]!;
  const product = value * power;
  const parted = splitter * value;
  const valueHigh = parted - (parted - value);
  const valueLow = value - valueHigh;
  const powerHigh = powersHigh[scale]!;
  const powerLow = power - powerHigh;
  const rounded =
    valueHigh * powerHigh - product + valueHigh * powerLow + valueLow * powerHigh + valueLow * powerLow;

  let high = Math.floor(product * 1e-8);
  const rest = product - high * lowRange + rounded;
  const half = halves[exponent + halfBias]! * power;
  let low = Math.floor(rest + 0.5);
  if (Math.abs(low - rest) > 0.5 - doubt) return start;
  let dropped = 0;
  for (; dropped < lowDigits; dropped++) {
    const nearest = Math.floor(rest * inverses[dropped + 1]! + 0.5) * powers[dropped + 1]!;
    const distance = Math.abs(nearest - rest);
    if (Math.abs(distance - half) < doubt) return start;
    if (distance > half) break;
    if (distance > 0.5 * powers[dropped + 1]! - doubt) return start;
    low = nearest;
  }
  if (low < 0) {
    low += lowRange;
    high--;
  } else if (low >= lowRange) {
    low -= lowRange;
    high++;
  }
  if (high < lowRange || high >= 10 * lowRange) return start;
  let digits = digitsMax - dropped;
  // With nothing left of the lower digits, zeros at the end of the upper ones go too.
  if (dropped === lowDigits) for (let rest = high; rest % 10 === 0; rest /= 10) digits--;
  // Whole numbers need no point, or more zeros than there are digits.
  if (magnitude + 1 >= digits) return start;
  return writePlaced(buffer, start, high, low, digits, magnitude);
}

/** `high` has nine digits, `low` eight; the first of them stands for 10 ** magnitude. */
function writePlaced(
  buffer: Uint8Array,
  start: number,
  high: number,
  low: number,
  digits: number,
  magnitude: number,
): number {
  let at = start;
  if (magnitude < 0) {
    buffer[at++] = zero;
    buffer[at++] = point;
    for (let place = -1; place > magnitude; place--) buffer[at++] = zero;
  } else at++;
  // What is dropped is overwritten by whatever comes next.
  writeDigits(buffer, at, high, digitsMax - lowDigits);
  writeDigits(buffer, at + digitsMax - lowDigits, low, lowDigits);
  if (magnitude >= 0) {
    for (let place = 0; place <= magnitude; place++) buffer[start + place] = buffer[start + place + 1]!;
    buffer[start + magnitude + 1] = point;
  }
  return at + digits;
}
