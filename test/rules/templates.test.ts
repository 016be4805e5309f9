import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import type { AlertFunctionContext } from '../../src/rules/templates/alert-functions.ts';
import { expandAlertTemplate, parseAlertTemplate } from '../../src/rules/templates/alert-template.ts';
import { builtins } from '../../src/rules/templates/builtins.ts';
import { executeTemplate } from '../../src/rules/templates/executor.ts';
import { formatFloat } from '../../src/rules/templates/float-format.ts';
import type { FunctionMap, TemplateFunction } from '../../src/rules/templates/function.ts';
import { TemplateSyntaxError } from '../../src/rules/templates/lexer.ts';
import { parseTemplate } from '../../src/rules/templates/parser.ts';
import { StringMap, Struct, type Value } from '../../src/rules/templates/values.ts';
import { describeWith } from '../support/requires.ts';

const context: AlertFunctionContext = {
  atMs: 1_600_000_000_000,
  externalUrl: 'http://prometheus.example:9090/prom',
  query: (expression) =>
    expression === 'none'
      ? []
      : [
          { labels: Labels.from({ instance: 'b' }), value: 2 },
          { labels: Labels.from({ instance: 'a' }), value: 1.5 },
        ],
};

function expand(text: string, value = 42.5): string {
  const data = { labels: { instance: 'web-1:9100', job: 'app' }, externalLabels: { region: 'eu' }, value };
  return expandAlertTemplate(parseAlertTemplate(text), data, context);
}

describe('alert templates', () => {
  it.each([
    ['{{ $labels.instance }} of {{ $labels.job }}', 'web-1:9100 of app'],
    ['[{{ $labels.absent }}]', '[]'],
    ['{{ .Labels.job }} {{ $externalLabels.region }} {{ .Value }}', 'app eu 42.5'],
    ['{{ $value | humanize }} {{ humanize1024 4096.0 }} {{ 0.00321 | humanize }}', '42.5 4ki 3.21m'],
    [
      '{{ humanizeDuration 93784.5 }} {{ 61 | humanizeDuration }} {{ humanizeDuration 0.0125 }}',
      '1d 2h 3m 4s 1m 1s 12.5ms',
    ],
    [
      '{{ humanizePercentage 0.123456 }} {{ humanizeTimestamp 1435065584.128 }}',
      '12.35% 2015-06-23 13:19:44.128 +0000 UTC',
    ],
    ['{{ ($value | toTime).Format "2006-01-02T15:04:05Z07:00" }}', '1970-01-01T00:00:42Z'],
    ['{{ title "hello big world" }} {{ toUpper "abc" }} {{ toLower "ABC" }}', 'Hello Big World ABC abc'],
    [
      '{{ stripPort "web:80" }} {{ stripPort "[::1]:80" }} {{ stripDomain "web.example.com:80" }}',
      'web ::1 web:80',
    ],
    ['{{ reReplaceAll "(.*)-([0-9]+):.*" "${2}/$1" $labels.instance }}', '1/web'],
    ['{{ if match "^web" $labels.instance }}yes{{ else }}no{{ end }}', 'yes'],
    ['{{ range query "up" }}{{ .Labels.instance }}={{ .Value }};{{ end }}', 'b=2;a=1.5;'],
    ['{{ range query "up" | sortByLabel "instance" }}{{ label "instance" . }}{{ end }}', 'ab'],
    ['{{ with query "up" }}{{ . | first | value | printf "%.2f" }}{{ end }}', '2.00'],
    [
      '{{ query "none" | first }}',
      '<error expanding template: error calling first: first() called on vector with no elements>',
    ],
    [
      '{{ externalURL }} {{ pathPrefix }} {{ tableLink "up == 0" }}',
      'http://prometheus.example:9090/prom /prom /graph?g0.expr=up+%3D%3D+0&g0.tab=1',
    ],
    ['{{ parseDuration "1h" }} {{ (args 1 "x").arg1 }} {{ safeHtml "<b>" }}', '3600 x <b>'],
    ['{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}', '2'],
    ['a {{- /* why */ -}} b {{- 1 -}} c', 'ab1c'],
    [
      '{{ define "row" }}<{{ . }}>{{ end }}{{ template "row" "x" }}{{ block "b" 2 }}[{{ . }}]{{ end }}',
      '<x>[2]',
    ],
    ['{{ with $labels.absent }}a{{ else with "b" }}{{ . }}{{ end }}', 'b'],
    ['{{ range $i, $s := query "up" }}{{ if eq $i 1 }}{{ break }}{{ end }}{{ $i }}{{ end }}', '0'],
  ])('%s', (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it('says what failed where Go would', () => {
    expect(expand('{{ toUpper $value }}')).toMatch(/expected string; got float64/);
    expect(expand('{{ if gt $value 1 }}x{{ end }}')).toMatch(/incompatible types for comparison/);
    expect(expand('{{ if gt $value 1.0 }}x{{ end }}')).toBe('x');
  });

  it.each([
    ['{{ $label.foo }}', 'undefined variable "$label"', 3],
    ['x {{ nosuch 1 }}', 'function "nosuch" not defined', 5],
    ['{{ if true }}x', 'unexpected EOF', 14],
    ['x {{ $value', 'unclosed action', 2],
    ['{{ end }}', 'unexpected {{end}}', 3],
    ['{{ "abc }}', 'unterminated quoted string', 3],
    ['{{ 1 | 2 }}', 'non executable command in pipeline', 7],
    ['{{ (1 }}', 'unclosed left paren', 6],
  ])('refuses %s', (text, message, start) => {
    const error = catchError(() => parseAlertTemplate(text));
    expect(error).toBeInstanceOf(TemplateSyntaxError);
    expect(error).toMatchObject({ message, start });
  });

  it('bounds recursion, output and steps', () => {
    expect(expand('{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}')).toMatch(
      /more than 200 deep/,
    );
    const doubling = `{{ $x := "${'x'.repeat(1000)}" }}${'{{ $x = printf "%s%s" $x $x }}'.repeat(12)}{{ $x }}`;
    expect(expand(doubling)).toMatch(/prints more than 1048576 characters/);
    expect(expand('{{ range 900000 }}{{ range 900000 }}{{ end }}{{ end }}')).toMatch(
      /more than 1000000 steps/,
    );
    expect(() => parseAlertTemplate('{{ if true }}'.repeat(5000))).toThrow(/nested blocks/);
    expect(() => parseAlertTemplate(`{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`)).toThrow(
      /nested expressions/,
    );
  });
});

describe('float formatting', () => {
  it.each([
    [1e6, 'g', undefined, '1e+06'],
    [123456, 'g', undefined, '123456'],
    [0.0001, 'g', undefined, '0.0001'],
    [0.00001, 'g', undefined, '1e-05'],
    [12345, 'g', 4, '1.234e+04'],
    [0.125, 'g', 2, '0.12'],
    [2.5, 'f', 0, '2'],
    [3.5, 'f', 0, '4'],
    [0.5, 'f', 0, '0'],
    [9.99, 'f', 1, '10.0'],
    [0.04, 'f', 1, '0.0'],
    [0.96, 'f', 1, '1.0'],
    [1e21, 'f', 2, '1000000000000000000000.00'],
    [0, 'e', 3, '0.000e+00'],
    [-0, 'g', undefined, '-0'],
  ] as const)('%d as %%%s with %s digits', (value, verb, precision, expected) => {
    expect(formatFloat(value, verb, precision)).toBe(expected);
  });
});

// The same texts through Go itself: amtool renders a template with data of its own, of which these use the labels.
const oracleTexts = [
  '{{ printf "%.4g|%v|%g|%d|%5.2f|%q|%s|%x|%t|%e" 12345.0 1000000.0 123456.0 3 3.14159 "hi" "yo" 255 true 0.00012 }}',
  '{{ printf "%c %U %08.3f|%-6s|%6s|%+d|%-5d|%05d" 65 65 3.14159 "ab" "cd" 5 7 -42 }}',
  '{{ printf "%d %s" 1.5 2 }} {{ printf "%s" }} {{ printf "a" 1 "b" }} {{ printf "%*d|%.*f" 5 1 2 3.14159 }}',
  '{{ printf "%v %v %v" nil true 1e21 }} {{ printf "%x %X %#x %o %b" "hi" 255 255 8 5 }} {{ printf "%6.2f%%" 12.345 }}',
  '{{ println 1 2 "a" 3 }}{{ print 1 2 "a" "b" 3 4 }}{{ print "a" 1 2 "b" }}',
  '{{ html "<a&\\"\'>" }} {{ js "it\'s <x>" }} {{ urlquery "a b&c=ü(1)*" }} {{ slice "abcdef" 1 3 }} {{ slice "abc" 1 }}',
  '{{ "abc" | printf "%s-%s" "x" }} {{ not 0 }} {{ and 1 0 }} {{ or 0 "" "z" }} {{ ne 1 2 }} {{ eq "a" "b" "a" }}',
  '{{ range $i, $e := stringSlice "a" "b" }}{{ $i }}{{ $e }} {{ else }}none{{ end }}',
  '{{ range stringSlice }}x{{ else }}none{{ end }}',
  '{{ with .CommonLabels.label1 }}has {{ . }}{{ else }}none{{ end }}',
  '{{ if .CommonLabels.nosuch }}a{{ else if eq 1 1 }}b{{ else }}c{{ end }}',
  '{{ $x := "a" }}{{ range stringSlice "b" "c" }}{{ $x = . }}{{ end }}{{ $x }}',
  "{{ 0x1F }} {{ 1e3 }} {{ 017 }} {{ 1_000 }} {{ 'a' }} {{ .5 }} {{ 5. }} {{ -3 }} {{ +2.5 }}",
  '{{ len "abc" }} {{ len .CommonLabels }} {{ index .CommonLabels "commonlabelkey1" }} {{ .CommonLabels.commonlabelkey2 }}',
  '{{ .CommonLabels }}|{{ .GroupLabels }}|{{ .Receiver }}',
  '{{ "q\\"\\t\\u00e9\\x41\\101" }} {{ `raw\\n` }}',
  '{{ lt 1 2 }} {{ le "a" "a" }} {{ gt 2.5 1.5 }} {{ ge 1 2 }}',
  'a  {{- " b " -}}  c {{ 1 }}\n {{- /* note */ -}} \n d',
  '{{ define "t" }}({{ . }}{{ $ }}){{ end }}{{ template "t" 5 }}{{ block "u" "z" }}<{{ . }}>{{ end }}',
  '{{ range $k, $v := .GroupLabels }}{{ $k }}={{ $v }},{{ end }}',
  '{{ true }} {{ false }} {{ (eq 1 1) | not }} {{ (printf "%s" "n") }}',
  '{{ range stringSlice "a" "b" "c" }}{{ if eq . "b" }}{{ continue }}{{ end }}{{ . }}{{ end }}',
  '{{ reReplaceAll "(a)(b)?" "<$1-${2}>" "abaca" }} {{ match "b+" "abbb" }} {{ join "," (stringSlice "x" "y") }}',
  '{{ printf "%t %v" "x" (stringSlice "a" "b") }} {{ printf "%5t|%-7v|" true "x" }} {{ printf "%q" 65 }}',
  '{{ 100000.0 }} {{ 1234567.0 }} {{ 0.000012345 }} {{ 123456789012345678 }}',
];
const refusedTexts = [
  '{{ $x }}',
  '{{ if }}',
  '{{ range }}x{{ end }}',
  '{{ nosuch }}',
  '{{ end }}',
  '{{ if true }}',
  '{{ else }}',
  '{{ "a" "b" }}',
  '{{ nil }}',
  '{{ 1 | 2 }}',
  '{{ break }}',
  '{{ eq 1 1.0 }}',
  '{{ lt "a" 2 }}',
  '{{ template "nope" }}',
  '{{ .CommonLabels.label.foo }}',
  '{{ index .CommonLabels 1 }}',
  '{{ slice "abc" 5 }}',
  '{{ len 3 }}',
  '{{ not }}',
  '{{ printf }}',
  '{{ toUpper 1 }}',
  '{{ range 1.5 }}{{ end }}',
  '{{ "abc',
  '{{ `abc }}',
  '{{ /* x }}',
  '{{ (1 }}',
  '{{ 1 ) }}',
  '{{ 12abc }}',
  '{{ . . }}',
  '{{ "a".b }}',
  '{{ $a, $b := 1 }}',
  '{{ define x }}{{ end }}',
  '{{ if true }}{{ else }}{{ else }}{{ end }}',
  '{{ @ }}',
];

describeWith(['amtool'], 'templates beside amtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-templates-'));
    writeFileSync(join(folder, 'empty.tmpl'), '{{ define "unused" }}{{ end }}');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const rendered = (text: string) =>
    spawnSync(
      'amtool',
      ['template', 'render', `--template.glob=${folder}/*.tmpl`, `--template.text=${text}`],
      {
        encoding: 'utf8',
      },
    );

  it.each(oracleTexts)('%s', (text) => {
    expect(renderOurs(text)).toBe(rendered(text).stdout);
  });

  it.each(refusedTexts)('refuses %s, as amtool does', (text) => {
    expect(rendered(text).status).toBe(1);
    expect(() => renderOurs(text)).toThrow();
  });
});

function renderOurs(text: string): string {
  const strings: TemplateFunction = { parameters: [], rest: 'string', call: (...values) => values };
  const functions: FunctionMap = new Map<string, TemplateFunction>([
    ['stringSlice', strings],
    [
      'join',
      {
        parameters: ['string', 'list'],
        call: (separator, list) => (list as Value[]).join(separator as string),
      },
    ],
    ['toUpper', { parameters: ['string'], call: (value) => (value as string).toUpperCase() }],
    [
      'reReplaceAll',
      {
        parameters: ['string', 'string', 'string'],
        call: (p, r, t) => expandRegex(p as string, r as string, t as string),
      },
    ],
    [
      'match',
      {
        parameters: ['string', 'string'],
        call: (pattern, value) => new RegExp(pattern as string).test(value as string),
      },
    ],
  ]);
  const common = new StringMap([
    ['commonlabelkey1', 'commonlabelvalue1'],
    ['commonlabelkey2', 'commonlabelvalue2'],
  ]);
  const group = new StringMap([
    ['grouplabelkey1', 'grouplabelvalue1'],
    ['grouplabelkey2', 'grouplabelvalue2'],
  ]);
  const data = new Struct('template.Data', {
    Receiver: 'receiver',
    CommonLabels: common,
    GroupLabels: group,
  });
  const names = new Set([...builtins.keys(), ...functions.keys()]);
  return executeTemplate(parseTemplate(text, { functions: names }), data, { functions });
}

function expandRegex(pattern: string, replacement: string, text: string): string {
  const quote = (value: string): string => JSON.stringify(value).replaceAll('{{', '{');
  const template = `{{ reReplaceAll ${quote(pattern)} ${quote(replacement)} ${quote(text)} }}`;
  return expandAlertTemplate(
    parseAlertTemplate(template),
    { labels: {}, externalLabels: {}, value: 0 },
    context,
  );
}

function catchError(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  return undefined;
}
