import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Document, isScalar, parseDocument, Scalar } from 'yaml';
import { scalarOffsets } from '../../src/base/yaml-scalar.ts';

/** The source text from each character of the value on, cut to `length`. */
function sourceOf(text: string, path: readonly (string | number)[]): { value: string; at: number[] } {
  const node = parseDocument(text).getIn(path, true);
  if (!isScalar(node) || typeof node.value !== 'string' || !node.range) throw new Error('no string there');
  const offsets = scalarOffsets(text, node.range[0], node.range[1], node.value);
  if (!offsets) throw new Error('the walk lost its way');
  return { value: node.value, at: [...offsets] };
}

describe('where the characters of a scalar stand in the source', () => {
  it.each([
    ['plain', 'a: up == 1\n', 'up == 1', '=='],
    ['plain over two lines', 'a: up\n   == 1\n', 'up == 1', '=='],
    ['single quotes with a doubled one', "a: 'it''s == 1'\n", "it's == 1", '=='],
    ['double quotes with escapes', 'a: "\\"\\u0061\\x62\\U0001F600\\t== 1"\n', '"ab😀\t== 1', '=='],
    ['double quotes with an escaped line break', 'a: "up \\\n    == 1"\n', 'up == 1', '=='],
    ['literal block', 'a: |\n  up\n    == 1\n', 'up\n  == 1\n', '=='],
    ['literal block with stated indentation', 'a: |2-\n    up\n   == 1\n', '  up\n == 1', '=='],
    ['folded block', 'a: >-\n  up\n  == 1\n', 'up == 1', '=='],
    ['folded block with an empty line', 'a: >-\n  up\n\n  == 1\n', 'up\n== 1', '=='],
    ['folded block with a deeper line', 'a: >-\n  up\n    on\n  == 1\n', 'up\n  on\n== 1', '=='],
  ])('%s', (_name, text, value, part) => {
    const source = sourceOf(text, ['a']);
    expect(source.value).toBe(value);
    expect(source.at[value.indexOf(part)]).toBe(text.indexOf(part));
  });

  it('is undefined when the value is not the one that stands there', () => {
    expect(scalarOffsets('a: up\n', 3, 5, 'down')).toBeUndefined();
  });

  it('finds every character of any string in any style and width, with either line ending', () => {
    const piece = fc.constantFrom(
      'a',
      'b',
      ' ',
      '\n',
      '\n\n',
      "'",
      '"',
      '\\',
      '\t',
      'é',
      '😀',
      ': ',
      ' #',
      'two words',
    );
    const style = fc.constantFrom(
      Scalar.PLAIN,
      Scalar.QUOTE_SINGLE,
      Scalar.QUOTE_DOUBLE,
      Scalar.BLOCK_LITERAL,
      Scalar.BLOCK_FOLDED,
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 14 }),
        style,
        fc.integer({ min: 10, max: 40 }),
        fc.boolean(),
        (pieces, type, lineWidth, crlf) => {
          const scalar = new Scalar(pieces.join(''));
          scalar.type = type;
          const written = new Document({ a: { b: [scalar], c: 'x' } }).toString({
            lineWidth,
            minContentWidth: 5,
          });
          const text = crlf ? written.replaceAll('\n', '\r\n') : written;
          const { value, at } = sourceOf(text, ['a', 'b', 0]);
          at.forEach((offset, index) => {
            const there = text[offset]!;
            const escaped = there === '\\';
            const folded = value[index] === ' ' && /[\r\n]/.test(there);
            const lineBreak = value[index] === '\n' && there === '\r';
            expect(there === value[index] || escaped || folded || lineBreak).toBe(true);
          });
        },
      ),
      { numRuns: 3000 },
    );
  });
});
