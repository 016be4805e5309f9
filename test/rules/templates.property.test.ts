// Whatever stands in a template: it is refused with a place, or gives a text in a bounded time and size.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { expandAlertTemplate, parseAlertTemplate } from '../../src/rules/templates/alert-template.ts';
import { TemplateSyntaxError } from '../../src/rules/templates/lexer.ts';

const context = {
  atMs: 1_700_000_000_000,
  externalUrl: 'https://prometheus.example/base',
  query: (expression: string) => {
    if (expression.includes('(')) throw new Error('unclosed left parenthesis');
    return ['a', 'b', 'c'].map((i, value) => ({ labels: Labels.from({ i, x: expression }), value }));
  },
};
const data = { labels: { instance: 'a:80', job: 'é' }, externalLabels: { region: 'eu' }, value: 0.25 };

function expand(text: string): string | undefined {
  try {
    return expandAlertTemplate(parseAlertTemplate(text), data, context);
  } catch (error) {
    if (!(error instanceof TemplateSyntaxError)) throw error;
    expect(error.start).toBeGreaterThanOrEqual(0);
    expect(error.end).toBeGreaterThan(error.start);
    return undefined;
  }
}

const names =
  'and or not eq ne lt le gt ge len index slice print println printf html js urlquery call query first label value ' +
  'strvalue sortByLabel args reReplaceAll match safeHtml title toUpper toLower graphLink tableLink stripPort stripDomain ' +
  'humanize humanize1024 humanizeDuration humanizePercentage humanizeTimestamp toTime toDuration now pathPrefix ' +
  'externalURL parseDuration urlQueryEscape';

const piece = fc.oneof(
  fc.constantFrom(...names.split(' ')),
  fc.constantFrom(
    '$value',
    '$labels',
    '$labels.job',
    '.',
    '.Labels',
    '.Value',
    '$x',
    '$',
    'nil',
    'true',
    '.A.B',
    '.Year',
  ),
  fc.constantFrom(
    '1',
    '-3',
    '2.5',
    '1e400',
    '0x7f',
    "'a'",
    '"a"',
    '"%[1]*d %v"',
    '`raw`',
    '""',
    '"[a"',
    '99999999999999999999',
  ),
  fc.constantFrom('|', '(', ')', ',', ':=', '=', '"', '}}', '{{', '-}}', '{{-', '/*', '*/'),
  fc.constantFrom(
    'if',
    'else',
    'end',
    'range',
    'with',
    'define "t"',
    'template "t"',
    'block "t" .',
    'break',
    'continue',
  ),
);

const anything = fc
  .array(fc.oneof(piece, fc.string({ maxLength: 5 })), { maxLength: 25 })
  .map((parts) => `{{ ${parts.join(' ')} }}`);

/** Nearer to what parses. */
const operand: fc.Arbitrary<string> = fc.letrec<{ operand: string }>((tie) => ({
  operand: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(
      '$value',
      '$labels',
      '.',
      '1',
      '2.5',
      '-1',
      '"a b"',
      '"%d %s"',
      'nil',
      'true',
      '(query "up")',
      '$labels.job',
      "'x'",
    ),
    fc
      .tuple(fc.constantFrom(...names.split(' ')), fc.array(tie('operand'), { maxLength: 3 }))
      .map(([name, args]) => `(${[name, ...args].join(' ')})`),
  ),
})).operand;

const block = fc
  .array(
    fc.oneof(
      operand.map((each) => `{{ ${each} }}`),
      operand.map((each) => `{{ if ${each} }}y{{ else }}n{{ end }}`),
      operand.map((each) => `{{ range $i, $e := ${each} }}{{ $i }}{{ $e }}{{ else }}n{{ end }}`),
      operand.map((each) => `{{ with ${each} }}{{ . }}{{ end }}`),
      operand.map((each) => `{{ $x := ${each} }}{{ $x = print $x $x }}{{ $x }}`),
      fc.string({ maxLength: 10 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

it.each([
  ['tokens in any order', anything],
  ['templates that mostly parse', block],
])('never crashes nor hangs on %s', (_, templates) => {
  let expanded = 0;
  fc.assert(
    fc.property(templates, (text) => {
      if (expand(text) !== undefined) expanded++;
    }),
    { numRuns: 3000, seed: 11 },
  );
  expect(expanded).toBeGreaterThan(20);
});

const hundred = (body: string) => `{{ range 100 }}${body}{{ end }}`;

it.each([
  ['doubles a text', `{{ $x := "ab" }}${hundred('{{ $x = print $x $x }}')}{{ len $x }}`],
  ['doubles a collection', `{{ $m := args 1 }}${hundred('{{ $m = args $m $m }}')}{{ $m }}`],
  ['doubles by escaping', `{{ $x := "<" }}${hundred('{{ $x = html $x }}{{ $x = print $x $x }}')}`],
  ['replaces everywhere', `{{ $x := "ab" }}${hundred('{{ $x = reReplaceAll "" $x $x }}')}`],
  ['prints one argument wide and often', `{{ printf "${'%9999[1]d'.repeat(2000)}" 1 }}`],
  ['prints megabytes', '{{ range 1000 }}{{ printf "%9999d" 1 }}{{ end }}'],
  ['recurses without end', '{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}'],
  [
    'recurses twice each time',
    '{{ define "a" }}{{ template "a" . }}{{ template "a" . }}{{ end }}{{ template "a" . }}',
  ],
  ['counts without end', '{{ range 1000000 }}{{ range 1000000 }}{{ end }}{{ end }}'],
])('ends with an error when a template %s', (_, text) => {
  expect(expand(text)).toMatch(/^<error expanding template: .*(more than|deep)/);
});
