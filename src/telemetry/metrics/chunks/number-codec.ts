// Columns of doubles in few bytes, every bit kept. Integers, and decimals of few places, are differences of integers:
// counters and gauges that programs write are of this kind. All others are the XOR of neighbours, as in Gorilla
// (Pelkonen et al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database", VLDB 2015, section 4.1.2).

import type { ByteReader, ByteWriter } from './byte-stream.ts';

/** First byte of a column: XOR, or the decimal places of its numbers. */
const xorMode = 0xff;
const placesMax = 4;
/** So that differences of differences are exact too. */
const integerMax = 2 ** 49;
/** After so many differences of zero in a row stands how many more follow. */
const zerosBeforeRun = 2;

/** What a new window costs to name; the old one is kept as long as it wastes less. */
const windowBits = 11;

/** How often differences are taken: once for values, twice for times, whose distances hardly change. */
export type DifferenceOrder = 1 | 2;

export function encodeNumbers(writer: ByteWriter, numbers: Float64Array, order: DifferenceOrder): void {
  const places = commonPlaces(numbers);
  if (places === undefined) {
    writer.byte(xorMode);
    encodeXor(writer, numbers);
    return;
  }
  writer.byte(places);
  const scale = 10 ** places;
  let previous = 0;
  let previousDelta = 0;
  let zeros = 0;
  let run = 0;
  for (let i = 0; i < numbers.length; i++) {
    const integer = Math.round(numbers[i]! * scale);
    const delta = integer - previous;
    const difference = order === 1 ? delta : delta - previousDelta;
    previous = integer;
    previousDelta = delta;
    if (difference === 0 && zeros === zerosBeforeRun) {
      run++;
      continue;
    }
    if (zeros === zerosBeforeRun) {
      writer.varint(run);
      run = 0;
      zeros = 0;
    }
    writer.signed(difference);
    zeros = difference === 0 ? zeros + 1 : 0;
  }
  if (zeros === zerosBeforeRun) writer.varint(run);
}

/** Reads as many numbers as `into` has places. */
export function decodeNumbers(reader: ByteReader, into: Float64Array, order: DifferenceOrder): void {
  const mode = reader.byte();
  if (mode === xorMode) {
    decodeXor(reader, into);
    return;
  }
  if (order === 1) reader.sums(into, 10 ** mode, zerosBeforeRun);
  else decodeSecondOrder(reader, into, 10 ** mode);
}

function decodeSecondOrder(reader: ByteReader, into: Float64Array, scale: number): void {
  let integer = 0;
  let delta = 0;
  let zeros = 0;
  for (let i = 0; i < into.length; ) {
    const difference = reader.signed();
    delta += difference;
    integer += delta;
    into[i++] = integer / scale;
    zeros = difference === 0 ? zeros + 1 : 0;
    if (zeros < zerosBeforeRun) continue;
    for (let run = reader.varint(); run > 0; run--) {
      integer += delta;
      into[i++] = integer / scale;
    }
    zeros = 0;
  }
}

/** The least number of decimal places from which all numbers come back bit by bit; undefined when there is none. */
function commonPlaces(numbers: Float64Array): number | undefined {
  let places = 0;
  let scale = 1;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i]!;
    for (;;) {
      const integer = Math.round(value * scale);
      // Also false for NaN. The sign of -0 is a bit that an integer has not.
      if (!(integer <= integerMax && integer >= -integerMax) || Object.is(value, -0)) return undefined;
      if (integer / scale === value) break;
      if (places === placesMax) return undefined;
      places++;
      scale *= 10;
    }
  }
  // Those that fitted with fewer places must fit with all.
  if (places > 0) {
    for (let i = 0; i < numbers.length; i++) {
      const integer = Math.round(numbers[i]! * scale);
      if (!(integer <= integerMax && integer >= -integerMax) || integer / scale !== numbers[i])
        return undefined;
    }
  }
  return places;
}

function encodeXor(writer: ByteWriter, numbers: Float64Array): void {
  const words = wordsOf(numbers);
  let [low, high, leading, length] = [0, 0, 0, 0];
  for (let i = 0; i < words.length; i += 2) {
    const xorLow = words[i]! ^ low;
    const xorHigh = words[i + 1]! ^ high;
    low = words[i]!;
    high = words[i + 1]!;
    if (i === 0) {
      writer.bits(high, 32);
      writer.bits(low, 32);
      continue;
    }
    if (xorLow === 0 && xorHigh === 0) {
      writer.bits(0, 1);
      continue;
    }
    const zerosBefore = Math.min(31, leadingZeros(xorHigh, xorLow));
    const zerosAfter = trailingZeros(xorHigh, xorLow);
    const needed = 64 - zerosBefore - zerosAfter;
    const fits = length > 0 && zerosBefore >= leading && zerosAfter >= 64 - leading - length;
    if (fits && length - needed <= windowBits) {
      writer.bits(0b10, 2);
    } else {
      leading = zerosBefore;
      length = needed;
      writer.bits(0b11, 2);
      writer.bits(leading, 5);
      writer.bits(length - 1, 6);
    }
    const shift = 64 - leading - length;
    if (length > 32) writer.bits(shift === 0 ? xorHigh : xorHigh >>> shift, length - 32);
    writer.bits(shiftedLow(xorHigh, xorLow, shift), Math.min(32, length));
  }
  writer.endBits();
}

function decodeXor(reader: ByteReader, into: Float64Array): void {
  const words = wordsOf(into);
  if (words.length === 0) return;
  let high = reader.bits(32);
  let low = reader.bits(32);
  words[0] = low;
  words[1] = high;
  let [leading, length] = [0, 0];
  for (let i = 2; i < words.length; i += 2) {
    if (reader.bits(1) === 1) {
      if (reader.bits(1) === 1) {
        leading = reader.bits(5);
        length = reader.bits(6) + 1;
      }
      const shift = 64 - leading - length;
      const upper = length > 32 ? reader.bits(length - 32) : 0;
      const lower = reader.bits(Math.min(32, length));
      if (shift >= 32) high ^= lower << (shift - 32);
      else {
        high ^= shift === 0 ? upper : (upper << shift) | (lower >>> (32 - shift));
        low ^= lower << shift;
      }
    }
    words[i] = low;
    words[i + 1] = high;
  }
  reader.endBits();
}

/** The bits of doubles: a NaN's would not survive being handed on as a number. Lower half first. */
export function wordsOf(numbers: Float64Array): Uint32Array {
  return new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length * 2);
}

function leadingZeros(high: number, low: number): number {
  return high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
}

function trailingZeros(high: number, low: number): number {
  return low === 0 ? 32 + trailingZeros32(high) : trailingZeros32(low);
}

function trailingZeros32(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The lower half of 64 bits moved right. */
function shiftedLow(high: number, low: number, shift: number): number {
  if (shift >= 32) return high >>> (shift - 32);
  return shift === 0 ? low : (low >>> shift) | (high << (32 - shift));
}
