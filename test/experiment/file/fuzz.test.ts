import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ReadResult } from '../../../src/experiment/file/read.ts';
import { goodDrill, readDrill } from './drill.ts';

/** Whatever came in: an experiment, or errors that each have a place. */
async function expectSense(result: Promise<ReadResult>): Promise<void> {
  const read = await result;
  if (read.ok) {
    expect(read.value.targets.length).toBeGreaterThan(0);
    return;
  }
  expect(read.diagnostics.some((one) => one.severity === 'error')).toBe(true);
  for (const { at, message } of read.diagnostics) {
    expect(at, message).toBeDefined();
    expect(at!.line).toBeGreaterThan(0);
    expect(at!.column).toBeGreaterThan(0);
  }
}

const junk = fc.constantFrom(
  ...[
    '',
    ' ',
    '\n',
    '\t',
    ':',
    '-',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!x ',
    '#',
    '---\n',
    '$',
    '${',
    '${A}',
  ],
  ...[
    '0',
    '-1s',
    'null',
    'true',
    '1e400',
    '.nan',
    '"\\u0000"',
    '😀',
    '\ufeff',
    '<<: ',
    '__proto__: {}\n',
    'constructor',
    '(',
    '{{',
  ],
);

describe('a spoilt experiment file', () => {
  it('never ends in anything but an experiment or errors with places', async () => {
    const change = fc.record({
      at: fc.nat(goodDrill.length),
      remove: fc.nat(12),
      insert: fc.oneof(junk, fc.string({ maxLength: 6, unit: 'grapheme' })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
        let text = goodDrill;
        for (const { at, remove, insert } of changes)
          text = text.slice(0, at) + insert + text.slice(at + remove);
        await expectSense(readDrill(text));
      }),
      { numRuns: 300 },
    );
  });

  it('with its lines in another order, repeated or gone', async () => {
    const lines = goodDrill.split('\n');
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...lines, ...lines.slice(5, 12)], { minLength: 1 }),
        async (shuffled) => {
          await expectSense(readDrill(shuffled.join('\n')));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('with any value in any place', async () => {
    const value = fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.stringify(json));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...pathsOf(parse(goodDrill))), value, async (path, json) => {
        await expectSense(readDrill(goodDrill, { sets: [`${path}=${json}`] }));
      }),
      { numRuns: 300 },
    );
  });
});

/** The path of every value of the file, as --set takes it. */
function pathsOf(value: unknown, path = ''): string[] {
  const own = path === '' ? [] : [path];
  if (Array.isArray(value))
    return [...own, ...value.flatMap((entry, index) => pathsOf(entry, `${path}[${index}]`))];
  if (value === null || typeof value !== 'object') return own;
  const inner = Object.entries(value).flatMap(([key, part]) =>
    pathsOf(part, path === '' ? key : `${path}.${key}`),
  );
  return [...own, ...inner];
}
