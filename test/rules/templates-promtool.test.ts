// Templates of annotations beside promtool: what each expands to, and which fail. Left out: the functions externalURL and
// pathPrefix, which fail in promtool for want of a URL, and `title` of words with apostrophes, which Debian's promtool
// treats in an older way.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRuleFile } from '../../src/rules/file.ts';
import { describeWith } from '../support/requires.ts';
import { runTexts } from './unit-test/support.ts';

const templates = [
  '{{ $value }} {{ $labels.instance }} {{ $labels.missing }}|{{ $externalLabels.region }}',
  '{{ .Value }} {{ .Labels.instance }} {{ .ExternalLabels.region }} {{ .ExternalURL }}',
  '{{ define "a" }}[{{ . }}]{{ end }}{{ template "a" "x" }}{{ template "a" }}',
  '{{ block "b" $value }}<{{ . }}>{{ end }}',
  '{{ if gt $value 1.0 }}big{{ else if eq $value 1.0 }}one{{ else }}small{{ end }}',
  '{{ if false }}a{{ else if false }}b{{ else }}c{{ end }}',
  '{{ range $i, $s := query "x" | sortByLabel "instance" }}{{ $i }}={{ $s.Labels.instance }}:{{ $s.Value }};{{ end }}',
  '{{ range query "nothing" }}x{{ else }}none{{ end }}',
  '{{ range $i, $s := query "x" | sortByLabel "instance" }}{{ if eq $i 1 }}{{ break }}{{ end }}{{ $i }}{{ end }}',
  '{{ range $i, $s := query "x" | sortByLabel "instance" }}{{ if eq $i 0 }}{{ continue }}{{ end }}{{ $i }}{{ end }}',
  '{{ with query "x{instance=\\"a\\"}" }}{{ . | first | value }}{{ else }}none{{ end }}',
  '{{ with $x := "q" }}{{ $x }}{{ end }}{{ with "" }}a{{ else }}b{{ end }}',
  '{{ $a := 1 }}{{ if true }}{{ $a = 2 }}{{ end }}{{ $a }}',
  '{{ $a := 1 }}{{ if true }}{{ $a := 2 }}{{ $a }}{{ end }}{{ $a }}',
  '{{ eq 1 2 3 1 }} {{ eq "a" "b" }} {{ ne 1 2 }} {{ lt 1 2 }} {{ le 2 2 }} {{ gt "b" "a" }} {{ ge 1.5 1.5 }}',
  '{{ and true 0 "x" }} {{ or 0 "" "y" "z" }} {{ not 0 }} {{ and 1 2 }} {{ or false }}',
  '{{ or true (index "abc" 10) }} {{ and false (first (query "nothing")) }}',
  '{{ printf "%d %5d|%-5d|%05d %+d %x %X %o %b %c %q %U" 42 42 42 42 42 255 255 8 5 65 65 65 }}',
  '{{ printf "%s %10s|%-10s|%.2s %q %x %v" "hello" "hi" "hi" "hello" "a\\"b" "hi" "v" }}',
  '{{ printf "%f %.2f %8.3f|%-8.1f|%e %g %G %08.2f %+.1f" 1.5 1.005 3.14159 2.5 1234.5 1e21 1e-7 3.14159 2.0 }}',
  '{{ printf "%t %v %T %T %T %T" true nil 1 1.0 "s" true }}',
  '{{ printf "%d %s %!" "str" 5 }} {{ printf "%d" }} {{ printf "x" 1 "a" }} {{ printf "%z" 1 }}',
  '{{ printf "%[2]d %[1]d" 1 2 }} {{ printf "%*d|%-*d|%.*f" 5 42 5 42 2 3.14159 }}',
  '{{ printf "%[1]s-%[1]s %[3]d|%s %[9]d %[x]d %[2]*[3]d" "a" 3 7 }} {{ printf "%[1]d %d" 4 5 }}',
  '{{ printf "%v %v" (query "x | bad" | len) 1 }}',
  '{{ print 1 2 "a" "b" 3 4 }}|{{ println "a" 1 }}|{{ print }}|{{ print 1.5 true }}',
  '{{ len "abc" }} {{ len "é" }} {{ len (query "x") }} {{ len $labels }}',
  '{{ index $labels "instance" }} {{ index (query "x" | sortByLabel "instance") 1 | label "instance" }}',
  '{{ index "abc" 1 }} {{ slice "abcdef" 1 3 }} {{ slice "abcdef" 2 }} {{ slice "abc" }}',
  '{{ html "<a href=\\"x\\">&\'</a>" }} {{ js "it\'s <b> \\\\ \\"q\\"" }} {{ urlquery "a b&c=d/é" }}',
  '{{ "a\\tb\\u00e9\\x41" }} {{ `raw "\\n"` }} {{ \'a\' }} {{ \'\\n\' }}',
  '{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 017 }} {{ 1_000 }} {{ 1.5e3 }} {{ .5 }} {{ -3 }} {{ +4 }} {{ 1e3 }}',
  'a  {{- " b " -}}  c {{/* comment */}}d {{- /* trimmed */ -}} e',
  '{{ ("x" | printf "%s-%s" "y") | toUpper }} {{ (index (query "x" | sortByLabel "instance") 0).Value }}',
  '{{ humanize 1234567.0 }} {{ humanize 0.00012 }} {{ humanize 0 }} {{ humanize -1500 }} {{ humanize "12345" }}',
  '{{ humanize1024 1048576 }} {{ humanize1024 0.5 }} {{ humanize1024 -4096.5 }}',
  '{{ humanizeDuration 90061 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration 61 }} {{ humanizeDuration -5 }} {{ humanizeDuration "3600" }} {{ humanizeDuration 12.5 }}',
  '{{ humanizePercentage 0.12345 }} {{ humanizePercentage 1 }} {{ humanizePercentage "0.5" }}',
  '{{ humanizeTimestamp 1435065584.128 }} {{ humanizeTimestamp 0 }}',
  '{{ toTime 1435065584.128 }} {{ (toTime 1435065584).Year }} {{ (toTime "1435065584").Format "2006-01-02T15:04:05Z07:00" }}',
  '{{ parseDuration "1h2m10ms" }} {{ reReplaceAll "(.*)-(.*)" "$2/${1}" "a-b" }} {{ match "a.c" "xabcx" }}',
  '{{ title "hello wORLD x1y" }} {{ toUpper "abc" }} {{ toLower "ABC" }}',
  '{{ stripPort "localhost:9090" }} {{ stripPort "[::1]:80" }} {{ stripPort "plain" }} {{ stripDomain "a.b.c:80" }} {{ stripDomain "10.0.0.1:80" }}',
  '{{ graphLink "up == 0" }} {{ tableLink "sum(x)" }}',
  '{{ range $k, $v := $labels }}{{ $k }}={{ $v }},{{ end }}{{ $labels }}',
  '{{ (args "a" 1).arg0 }} {{ (args "a" 1).arg1 }} {{ args 1 2 }}',
  '{{ strvalue (index (query "count_values(\\"__value__\\", x{instance=\\"a\\"})") 0) }}',
  '{{ define "r" }}{{ if . }}{{ . }}{{ template "r" (slice . 1) }}{{ end }}{{ end }}{{ template "r" "abc" }}',
  '{{ $value | printf "%.3f" | printf "%8s|" }} {{ 3 | printf "%d %d" 2 }}',
  '{{ true }} {{ false }} {{ nil | print }}',
  '{{ query "x" | first | label "instance" | len }} {{ safeHtml "<b>" }}',
  '{{ if and (gt $value 0.5) (ne $labels.instance "zz") }}yes{{ end }}',
  '{{ $labels.instance.foo }}',
  '{{ first (query "nothing") }}',
  '{{ index (query "x") 99 }}',
  '{{ eq 1 1.0 }}',
  '{{ lt "a" 1 }}',
  '{{ template "nowhere" }}',
  '{{ .Nothing }}',
  '{{ slice "abc" 5 }}',
  '{{ humanize "abc" }}',
  '{{ query "sum(" }}',
  '{{ toTime "x" }}',
  '{{ len 3 }}',
  '{{ range 3.5 }}{{ end }}',
  '{{ parseDuration "abc" }}',
  '{{ reReplaceAll "[" "" "x" }}',
  '{{ match "[" "x" }}',
  '{{ call 1 }}',
  '{{ html }}|{{ js 1.5 true }}',
  'a {{- "b" }}  \n {{ "c" -}} \u00a0 d',
];

const inputs = [
  { series: 'x{instance="a"}', values: '1.5' },
  { series: 'x{instance="b"}', values: '2' },
];

const rulesText = JSON.stringify({
  groups: [
    {
      name: 'g',
      rules: templates.map((text, i) => ({
        alert: `T${i}`,
        expr: 'x{instance="a"}',
        annotations: { v: text },
      })),
    },
  ],
});

const testsText = JSON.stringify({
  rule_files: ['rules.yml'],
  tests: [
    {
      input_series: inputs,
      external_labels: { region: 'eu' },
      external_url: 'https://prometheus.example/base',
      alert_rule_test: templates.map((_, i) => ({ eval_time: '0m', alertname: `T${i}`, exp_alerts: [] })),
    },
  ],
});

/** What our engine gives for each. */
function ours(): string[] {
  const result = runTexts({ 'rules.yml': rulesText, 'tests.yml': testsText });
  const texts = new Map<string, string>();
  for (const failure of result.tests[0]!.failures) {
    if (failure.kind !== 'alerts') throw new Error(JSON.stringify(failure));
    texts.set(failure.alertname, failure.got[0]!.annotations.v!);
  }
  return templates.map((_, i) => texts.get(`T${i}`) ?? '');
}

/** The text of an annotation, or that it failed: the words of failures are not compared. */
function shown(text: string): string {
  return text.includes('<error expanding template') ? 'fails' : text;
}

describeWith(['promtool'], 'templates beside promtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-templates-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('expand to the same texts', () => {
    writeFileSync(join(folder, 'rules.yml'), rulesText);
    writeFileSync(join(folder, 'tests.yml'), testsText);
    const { stderr } = spawnSync('promtool', ['test', 'rules', join(folder, 'tests.yml')], {
      encoding: 'utf8',
    });
    const theirs = new Map<string, string>();
    for (const [, name, text] of stderr.matchAll(
      /alertname: (T\d+),[\s\S]*?Annotations:\{v=("(?:\\.|[^"\\])*")\}/g,
    ))
      theirs.set(name!, JSON.parse(text!.replace(/\\x([0-9a-f]{2})/g, '\\u00$1').replace(/\\a/g, '\\u0007')));
    expect(theirs.size).toBe(templates.length);
    const pairs = ours().map((text, i) => [templates[i], shown(text)]);
    expect(pairs).toEqual(templates.map((template, i) => [template, shown(theirs.get(`T${i}`)!)]));
  });

  it.each([
    '{{ tmpl "a" . }}',
    '{{ undefined_function 1 }}',
    '{{ $nowhere }}',
    '{{ if }}x{{ end }}',
    '{{ if true }}x',
    '{{ end }}',
    '{{ else }}',
    '{{ break }}',
    '{{ "abc',
    '{{ `abc',
    '{{ (1 }}',
    '{{ 1) }}',
    '{{ .A..B }}',
    '{{ 1.2.3 }}',
    '{{ 0x }}',
    '{{ template 1 }}',
    '{{ define "a" }}',
    '{{ if true }}{{ define "a" }}{{ end }}{{ end }}',
    '{{ /* spaced */ }}',
    '{{/* open }}',
    '{{ nil }}',
    '{{ | print }}',
    '{{ print | }}',
    '{{ $x := }}',
    '{{ range $a, $b, $c := .A }}{{ end }}',
    '{{ "a" "b" }}',
    '{{ 1 2 }}',
    '{{ true.x }}',
    "{{ 'ab' }}",
    '{{ "\\q" }}',
    '{{ range 1 }}{{ else if true }}{{ end }}',
    '{{ with 1 }}{{ else if true }}{{ end }}',
    '{{ if 1 }}{{ else }}{{ else }}{{ end }}',
    'plain }} text {',
    '{{}}',
    '{{ . }} {{ $ }}',
    '{{ ! }}',
    '{{ a.b }}',
    '{{ 1 | 2 }}',
    '{{ eq }}',
    '{{ $y = 1 }}{{ $y }}',
    '{{ print 1 | | print }}',
    '{{ $x = 1 }}',
  ])('%s is accepted by both or by none', (template) => {
    const text = JSON.stringify({
      groups: [{ name: 'g', rules: [{ alert: 'A', expr: 'x', annotations: { v: template } }] }],
    });
    writeFileSync(join(folder, 'one.yml'), text);
    const { status } = spawnSync('promtool', ['check', 'rules', join(folder, 'one.yml')]);
    expect(readRuleFile('one.yml', text).ok).toBe(status === 0);
  });
});
