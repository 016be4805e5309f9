import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatValue } from '../../src/promql/format.ts';
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
    const number = fc.oneof(near, fc.double(), fc.maxSafeInteger(), fc.integer());
    fc.assert(
      fc.property(number, (value) => {
        expect(written((out) => out.value(value))).toBe(formatValue(value));
      }),
      { numRuns: 20_000 },
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

  it('grows with what is written, and encodes as UTF-8', () => {
    const text = 'schön 💡 '.repeat(10_000);
    const expected = `${text}[1,2]${text}`;
    const found = written((out) => {
      out.text(text);
      out.short('[1,2]');
      out.text(text);
    });
    expect(found).toBe(expected);
  });
});
