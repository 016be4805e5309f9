import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatValue } from '../../src/promql/format.ts';
import { timestampJson } from '../../src/server/api/json-result.ts';
import { JsonWriter } from '../../src/server/api/json-writer.ts';

function written(write: (out: JsonWriter) => void): string {
  const out = new JsonWriter();
  write(out);
  return out.finish().toString();
}

describe('JSON writer', () => {
  it('writes every number as Prometheus does', () => {
    const near = fc
      .tuple(fc.integer({ min: -2e9, max: 2e9 }), fc.integer({ min: 0, max: 15 }))
      .map(([digits, exponent]) => digits / 10 ** exponent);
    const usual = fc.double({ min: 1e-6, max: 1e16 });
    const rounded = fc
      .tuple(usual, fc.integer({ min: 1, max: 17 }))
      .map(([value, digits]) => Number(value.toPrecision(digits)));
    const besidePowers = fc
      .tuple(fc.integer({ min: -20, max: 54 }), fc.integer({ min: -3, max: 3 }))
      .map(([exponent, away]) => 2 ** exponent * (1 + away * Number.EPSILON));
    const number = fc.oneof(
      near,
      usual,
      rounded,
      besidePowers,
      fc.double(),
      fc.maxSafeInteger(),
      fc.integer(),
    );
    fc.assert(
      fc.property(number, (value) => {
        expect(written((out) => out.value(value))).toBe(formatValue(value));
      }),
      { numRuns: 50_000 },
    );
  });

  it.each([
    0,
    -0,
    1,
    -1,
    0.001,
    -0.001,
    0.0001,
    0.5,
    10,
    100,
    1000,
    0.1 + 0.2,
    1e15,
    999_999_999_999.999,
    1e12,
  ])('writes %d', (value) => {
    expect(written((out) => out.value(value))).toBe(formatValue(value));
  });

  it('writes points with their times in seconds', () => {
    const point = fc.tuple(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.double());
    fc.assert(
      fc.property(fc.array(point, { maxLength: 1000 }), (points) => {
        const times = Float64Array.from(points, ([atMs]) => atMs);
        const values = Float64Array.from(points, ([, value]) => value);
        const expected = points.map(([atMs, value]) => `[${timestampJson(atMs)},"${formatValue(value)}"]`);
        expect(written((out) => out.points(times, values))).toBe(`[${expected.join(',')}]`);
      }),
    );
  });

  it('leaves out points', () => {
    const out = written((to) => to.points(Float64Array.of(1000, 1500, 2000), Float64Array.of(1, 2, 3), [{}]));
    expect(out).toBe('[[1.500,"2"],[2,"3"]]');
  });

  it('grows with what is written, and encodes as UTF-8', () => {
    const text = 'schön 💡 '.repeat(10_000);
    const expected = `${text}[1,2]${text}`;
    const found = written((out) => {
      out.text(text);
      out.text('[1,2]');
      out.text(text);
    });
    expect(found).toBe(expected);
  });
});
