import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { formatDiagnostic } from '../../src/base/diagnostics.ts';
import { checkYaml, parseYaml, parseYamlDocuments, type YamlDocument } from '../../src/base/yaml.ts';

function document(text: string): YamlDocument {
  const parsed = parseYaml('drill.yaml', text);
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  return parsed.value;
}

function errorsOf(text: string): string {
  const parsed = parseYaml('drill.yaml', text);
  return parsed.ok ? 'no error' : parsed.diagnostics.map(formatDiagnostic).join('\n');
}

function at(place: { line: number; column: number; length?: number }): string {
  return `${place.line}:${place.column}+${place.length}`;
}

describe('places in a document', () => {
  it.each<[string, string, (string | number)[], string]>([
    ['value of a key', 'a:\n  b: 30s\n', ['a', 'b'], '2:6+3'],
    ['entry of a list', 'a:\n  - x\n  - yy\n', ['a', 1], '3:5+2'],
    ['flow collections', 'a: { b: [1, 22] }\n', ['a', 'b', 1], '1:13+2'],
    ['CRLF', 'a: 1\r\nb: 22\r\n', ['b'], '2:4+2'],
    ['columns count characters', 'a: { "😀é": 22 }\n', ['a', '😀é'], '1:12+2'],
    ['through an alias', 'a: &x { b: 1 }\nc: *x\n', ['c', 'b'], '1:12+1'],
    ['through a merge key', 'a: &x { b: 1 }\nc:\n  <<: *x\n  d: 2\n', ['c', 'b'], '1:12+1'],
    ['a missing key: the mapping above it', 'a:\n  b: 1\n', ['a', 'nope', 'deeper'], '2:3+4'],
    ['a key without a value', 'a:\n  b:\n', ['a', 'b'], '2:5+1'],
    ['a key that is a number', 'a: { 8080: x }\n', ['a', '8080'], '1:12+1'],
  ])('%s', (_name, text, path, expected) => {
    expect(at(document(text).placeOf(path))).toBe(expected);
  });

  it('finds keys', () => {
    const found = document('a:\n  - bb: 1\n    cc: 2\n');
    expect(at(found.placeOfKey(['a', 0, 'cc']))).toBe('3:5+2');
    expect(at(found.placeOfKey(['a']))).toBe('1:1+1');
  });

  it('keeps the carriage return out of the line that is shown', () => {
    expect(document('a: 1\r\nb: 2\r\n').placeOf(['b']).text).toBe('b: 2');
  });

  it('points inside a block scalar, and at the value when the offset is beyond it', () => {
    const found = document('a:\n  expr: |\n    up\n      == 1\n');
    expect(at(found.placeInside(['a', 'expr'], 'up\n  '.length, 2))).toBe('4:7+2');
    expect(at(found.placeInside(['a', 'expr'], 999))).toBe('4:11+1');
  });

  it('points inside an expression behind wide characters', () => {
    const found = document('a: "{ä=\\"😀\\"} = 1"\n');
    expect(at(found.placeInside(['a'], found.value === null ? 0 : '{ä="😀"} '.length))).toBe('1:15+1');
  });
});

describe('what is no YAML document', () => {
  it('tells each syntax error with its place', () => {
    expect(errorsOf('a: [1, 2\nb: "x\n')).toMatchInlineSnapshot(`
      "drill.yaml:2:1: error FD103: not valid YAML: flow sequence in block collection must be sufficiently indented and end with a ]
          2 | b: "x
            | ^
        hint: The position names the first character that does not fit."
    `);
  });

  it('refuses tabs as indentation', () => {
    expect(errorsOf('a:\n\tb: 1\n')).toMatchInlineSnapshot(`
      "drill.yaml:2:1: error FD103: not valid YAML: tabs are not allowed as indentation
          2 |  b: 1
            | ^
        hint: The position names the first character that does not fit."
    `);
  });

  it('refuses a key that stands twice', () => {
    expect(errorsOf('a: 1\nb: 2\na: 3\n')).toMatchInlineSnapshot(`
      "drill.yaml:3:1: error FD103: not valid YAML: map keys must be unique
          3 | a: 3
            | ^
        hint: The position names the first character that does not fit."
    `);
  });

  it('refuses a tag that nobody knows', () => {
    expect(errorsOf('a: !include other.yaml\n')).toMatchInlineSnapshot(`
      "drill.yaml:1:4: error FD103: not valid YAML: unresolved tag: !include
          1 | a: !include other.yaml
            |    ^^^^^^^^
        hint: The position names the first character that does not fit."
    `);
  });

  it('refuses an alias without an anchor', () => {
    expect(errorsOf('a: *nowhere\n')).toMatchInlineSnapshot(`
      "drill.yaml:1:4: error FD103: not valid YAML: the alias *nowhere has no anchor before it
          1 | a: *nowhere
            |    ^^^^^^^^
        hint: The position names the first character that does not fit."
    `);
  });

  it.each(['<<: x\n', 'a:\n  <<: [{ b: 1 }, 2]\n', 'a: &a 1\nb:\n  <<: *a\n'])(
    'refuses to merge %j',
    (text) => {
      expect(errorsOf(text)).toMatch(
        /:[123]:[13]: error FD103: not valid YAML: what is merged is no mapping/,
      );
    },
  );

  it.each(['', '\n\n', '# nothing but this\n', '---\n', '---\n...\n---\n'])(
    'refuses the empty file %j',
    (text) => {
      expect(errorsOf(text)).toContain('drill.yaml:1:1: error FD102: drill.yaml is empty');
    },
  );

  it('refuses a second document where one is expected', () => {
    expect(errorsOf('a: 1\n---\nb: 2\n')).toMatchInlineSnapshot(`
      "drill.yaml:3:1: error FD104: a second document begins here
          3 | b: 2
            | ^^^^
        expected: one document"
    `);
  });

  it('reads several documents where several are allowed, without empty ones', () => {
    const parsed = parseYamlDocuments('drill.yaml', '---\na: 1\n---\n# nothing\n---\nb: 2\n');
    expect(parsed.ok && parsed.value.map((one) => one.value)).toEqual([{ a: 1 }, { b: 2 }]);
    expect(parsed.ok && at(parsed.value[1]!.placeOf(['b']))).toBe('6:4+1');
  });
});

describe('what a hostile file cannot do', () => {
  it('repeat its aliases without end', () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) => `l${i}: &l${i} [${`*l${i - 1}, `.repeat(9)}*l${i - 1}]`,
    );
    levels[0] = 'l0: &l0 [x, x, x]';
    expect(errorsOf(`${levels.join('\n')}\n`)).toContain('error FD113: its aliases repeat too much content');
  });

  it('include itself', () => {
    expect(errorsOf('a: &a [*a]\n')).toContain(
      '1:8: error FD103: not valid YAML: the alias *a is a part of what it stands for',
    );
  });

  it.each([
    ['lists', '['.repeat(100_000)],
    ['mappings', '{a: '.repeat(100_000)],
    ['indented mappings', Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['indented lists', `${'- '.repeat(100_000)}x`],
  ])('nest %s so deep that the stack ends', (_name, text) => {
    expect(errorsOf(text)).toContain('error FD113: nested too deep');
  });

  it.each([
    ['lists', `${'['.repeat(95)}${']'.repeat(95)}`],
    ['mappings', `${'{a: '.repeat(95)}1${'}'.repeat(95)}`],
    ['indented mappings', Array.from({ length: 95 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['indented lists', `${'- '.repeat(95)}x`],
  ])('but %s may be nested 95 deep', (_name, text) => {
    expect(errorsOf(text)).toBe('no error');
  });

  it('be larger than the limit', () => {
    const text = `a: ${'x'.repeat(1024 * 1024)}\n`;
    expect(errorsOf(text)).toMatchInlineSnapshot(`
      "error FD113: drill.yaml has 1048580 bytes
        expected: at most 1048576 bytes"
    `);
  });
});

describe('checking against a schema', () => {
  const schema = z.strictObject({
    name: z.string(),
    count: z.int().min(1).max(5).optional(),
    wait: z
      .string()
      .transform((text) => text.length)
      .meta({ expected: 'a duration such as 30s' })
      .optional(),
    mode: z.enum(['one', 'all']).optional(),
    nested: z.record(z.string(), z.strictObject({ duration: z.string() })).optional(),
    either: z
      .union([z.string(), z.strictObject({ url: z.string(), user: z.string().optional() })])
      .optional(),
    action: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('delay'), latency: z.string() }),
        z.strictObject({ type: z.literal('loss'), share: z.number() }),
      ])
      .optional(),
    list: z.array(z.string()).min(1).optional(),
    expr: z
      .string()
      .superRefine((_, context) =>
        context.addIssue({
          code: 'custom',
          message: 'no such function',
          params: { code: 'FD201', offset: 4, length: 3 },
        }),
      )
      .optional(),
  });

  function mistakes(text: string): string {
    const found = checkYaml(document(text), schema);
    if (found.ok) return 'no mistake';
    return found.diagnostics
      .map((one) => `${one.at?.line}:${one.at?.column} ${one.code} ${one.message} <${one.expected ?? ''}>`)
      .join('\n');
  }

  it.each([
    ['wrong type', 'name: [x]', '1:7 FD105 name is a list <a string>'],
    ['named type', 'name: x\nwait: 30', '2:7 FD105 wait is the number 30 <a duration such as 30s>'],
    ['nothing', 'name:', '1:6 FD105 name is nothing <a string>'],
    ['missing', 'count: 1', '1:1 FD107 name is required <a string>'],
    ['too small', 'name: x\ncount: 0', '2:8 FD105 count is the number 0 <1 or more>'],
    ['too big', 'name: x\ncount: 9', '2:8 FD105 count is the number 9 <5 or less>'],
    ['no whole number', 'name: x\ncount: 1.5', '2:8 FD105 count is the number 1.5 <a whole number>'],
    ['empty list', 'name: x\nlist: []', '2:7 FD105 list is a list <at least 1 entry>'],
    ['value near a known one', 'name: x\nmode: al', '2:7 FD105 mode is "al" <all (of one, all)>'],
    ['unknown key', 'name: x\ncuont: 1', '2:1 FD106 unknown key "cuont" <count>'],
    [
      'unknown key below',
      'name: x\nnested: { a: { duration: 1s, durations: 2s } }',
      '2:30 FD106 unknown key "durations" in nested.a <duration>',
    ],
    ['union of types', 'name: x\neither: 5', '2:9 FD105 either is the number 5 <a string or a mapping>'],
    [
      'likeliest alternative',
      'name: x\neither: { url: y, usr: z }',
      '2:19 FD106 unknown key "usr" in either <user>',
    ],
    [
      'unknown alternative',
      'name: x\naction: { type: dely }',
      '2:17 FD105 action.type is "dely" <delay (of delay, loss)>',
    ],
    [
      'no alternative',
      'name: x\naction: { share: 1 }',
      '2:9 FD107 action.type is required <one of delay, loss>',
    ],
    ['inside an expression', 'name: x\nexpr: "sum(foo(x))"', '2:12 FD201 expr: no such function <>'],
    ['a document of another type', '[name]', '1:1 FD105 the document is a list <a mapping>'],
  ])('%s', (_name, text, expected) => {
    expect(mistakes(text)).toBe(expected);
  });

  it('tells all mistakes of a file', () => {
    expect(mistakes('count: 0\nlist: 3\nx: 1\n').split('\n')).toHaveLength(4);
  });

  it('tells a mistyped key once, not also as a missing one', () => {
    expect(mistakes('nme: x\n')).toBe('1:1 FD106 unknown key "nme" <name>');
  });
});
