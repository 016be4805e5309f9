import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { notificationOf } from '../../../src/alertmanager/notify/notification.ts';
import type { Notification } from '../../../src/alertmanager/notify/notifier.ts';
import { NotificationTemplates } from '../../../src/alertmanager/notify/templates/notification-templates.ts';
import { readTemplates } from '../../../src/alertmanager/notify/templates/template-files.ts';
import { Labels } from '../../../src/base/labels.ts';
import { configOf } from '../timeline.ts';
import { type Cleanups, temporaryFolder } from './embedded.ts';

const cleanups: Cleanups = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const startsAt = Date.UTC(2026, 0, 2, 3, 4, 5);
const alerts = ['firing', 'resolved'].map((status, i) => ({
  status: status as 'firing' | 'resolved',
  alert: {
    labels: Labels.from({ alertname: 'High load', instance: `i${i}` }),
    annotations: { summary: 'a <b> & "c"', link: 'javascript:x', when: '2026-07-01 12:30' },
    startsAt,
    endsAt: startsAt + 90_000,
    generatorUrl: 'http://p/?a=1&b=2',
    updatedAt: 0,
    timeout: false,
  },
}));

async function notification(templates: readonly string[] = [], folder = '/nowhere'): Promise<Notification> {
  const config = configOf(
    `templates: ${JSON.stringify(templates)}\nroute: {receiver: r}\nreceivers: [{name: r}]`,
  );
  return notificationOf(
    {
      receiver: 'team.a',
      reason: 'first notification',
      groupKey: '{}',
      groupLabels: Labels.from({ alertname: 'High load' }),
      alerts,
    },
    {
      templates: await readTemplates({ ...config, file: join(folder, 'alertmanager.yml') }),
      externalUrl: 'http://am',
      nowMs: startsAt + 3_661_000,
    },
  );
}

describe('functions of notification templates', () => {
  it.each([
    ['{{ .Receiver }} {{ .Status }} {{ .NotificationReason }}', 'team\\.a firing first notification'],
    ['{{ len .Alerts }} {{ len .Alerts.Firing }} {{ len .Alerts.Resolved }}', '2 1 1'],
    ['{{ .CommonLabels }} | {{ .GroupLabels.SortedPairs.Names }}', 'alertname=High load | [alertname]'],
    ['{{ (index .Alerts 0).Labels.Values | join "," }}', 'High load,i0'],
    ['{{ (index .Alerts 0).Labels.Names.Join "-" }}', 'alertname-instance'],
    ['{{ "hELLO wORLD it\'s" | title }} {{ " x " | trimSpace }}', "Hello World It's x"],
    [
      '{{ with (index .Alerts 0).StartsAt }}{{ . | date "15:04" }} {{ . | tz "Europe/Berlin" | date "15:04 MST -0700" }}{{ end }}',
      '03:04 04:04 CET +0100',
    ],
    ['{{ (index .Alerts 0).StartsAt | tz "America/New_York" }}', '2026-01-01 22:04:05 -0500 EST'],
    ['{{ (index .Alerts 0).StartsAt | tz "Asia/Tehran" | date "MST" }}', '+0330'],
    [
      '{{ since (index .Alerts 0).StartsAt }} {{ since (index .Alerts 0).StartsAt | humanizeDuration }}',
      '1h1m1s 1h 1m 1s',
    ],
    [
      '{{ now.Unix }} {{ (index .Alerts 0).EndsAt.IsZero }} {{ (index .Alerts 1).EndsAt }}',
      '1767326706 true 2026-01-02 03:05:35 +0000 UTC',
    ],
    [
      '{{ (toDate "2006-01-02 15:04" .CommonAnnotations.when).Unix }} {{ (toDate "2006" "x").IsZero }}',
      '1782909000 true',
    ],
    ['{{ (mustToDate "Jan _2, 2006 3:04pm -0700" "Feb  3, 2026 1:05pm +0200").Unix }}', '1770116700'],
    [
      '{{ dict "a" (list 1 "x" true) "b" .CommonLabels | toJson }}',
      '{"a":[1,"x",true],"b":{"alertname":"High load"}}',
    ],
    ['{{ .CommonAnnotations.summary | toJson }}', '"a \\u003cb\\u003e \\u0026 \\"c\\""'],
    ['{{ "a?b>" | base64encode }} {{ "YT9iPg==" | base64decode }}', 'YT9iPg== a?b>'],
    ['{{ append (list 1) 2 | len }} {{ "a%20b+c" | urlUnescape }}', '2 a b c'],
    ['{{ match "^Hi" .CommonLabels.alertname }} {{ reReplaceAll "(H)(i)" "$2$1" "High" }}', 'true iHgh'],
  ])('%s', async (template, expected) => {
    expect((await notification()).text(template)).toBe(expected);
  });

  it('say what is wrong with their arguments', async () => {
    const { text } = await notification();
    for (const [template, message] of [
      ['{{ now | tz "Mars/Olympus" }}', 'unknown time zone'],
      ['{{ dict "a" }}', 'even number'],
      ['{{ "x" | base64decode }}', 'base64'],
      ['{{ "%zz" | urlUnescape }}', 'URL escape'],
      ['{{ reReplaceAll "(" "" "" }}', 'regular expression'],
      ['{{ "a" | safeHtml | toUpper }}', 'expected string'],
    ])
      expect(() => text(template!)).toThrow(message);
  });
});

describe('escaping of mail bodies', () => {
  it.each([
    ['<p>{{ .CommonAnnotations.summary }}</p>', '<p>a &lt;b&gt; &amp; &#34;c&#34;</p>'],
    ['<p title="{{ .CommonAnnotations.summary }}">', '<p title="a &lt;b&gt; &amp; &#34;c&#34;">'],
    ['<p title={{ .CommonAnnotations.summary }}>', '<p title=a&#32;&lt;b&gt;&#32;&amp;&#32;&#34;c&#34;>'],
    ['<a href="{{ .CommonAnnotations.link }}">', '<a href="#ZgotmplZ">'],
    ['<a href="{{ .CommonAnnotations.link | safeUrl }}">', '<a href="javascript:x">'],
    [
      '<a href="{{ .ExternalURL }}/#/a?b={{ .CommonAnnotations.summary }}">',
      '<a href="http://am/#/a?b=a%20%3cb%3e%20%26%20%22c%22">',
    ],
    [
      '<script>x = {{ .CommonLabels }}; y = \'{{ .CommonAnnotations.summary }}\'</script>{{ "<" }}',
      '<script>x = {"alertname":"High load"}; y = \'a \\u003cb\\u003e \\u0026 \\u0022c\\u0022\'</script>&lt;',
    ],
    [
      '<i style="color: {{ "red" }}; width: {{ "expression(1)" }}">',
      '<i style="color: red; width: ZgotmplZ">',
    ],
    [
      '<!-- gone {{ .Status }} --><title>{{ "<i>" }}</title>{{ "<b>" | safeHtml }}',
      '<title>&lt;i&gt;</title><b>',
    ],
    ['<textarea>{{ "</textarea>" }}</textarea>{{ .Missing | printf "%v" }}', undefined],
  ])('%s', async (template, expected) => {
    const { html } = await notification();
    if (expected === undefined) expect(() => html(template)).toThrow("can't evaluate field Missing");
    else expect(html(template)).toBe(expected);
  });

  it('holds in the default mail, which names every alert', async () => {
    const page = (await notification()).html('{{ template "email.default.html" . }}');
    expect(page).toContain('1 alert firing');
    expect(page).toContain('<div>summary = a &lt;b&gt; &amp; &#34;c&#34;</div>');
    expect(page).toContain('<a href="http://p/?a=1&amp;b=2">Source</a>');
    expect(page.match(/instance = i/g)).toHaveLength(2);
  });
});

describe('template files', () => {
  it('that only a remote has are shown by the names of their templates', () => {
    const templates = new NotificationTemplates([], { isComplete: false });
    const text = '{{ if . }}{{ template "team.title" . }} {{ template "__alertmanager" . }}{{ end }}';
    expect(templates.expand(text, true, 'text', 0)).toBe('[team.title] Alertmanager');
  });

  it('are found by patterns beside the configuration, and replace what stood before', async () => {
    const folder = temporaryFolder(cleanups);
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, 'sub', 'a1.tmpl'), '{{ define "__subject" }}own{{ end }}outside');
    writeFileSync(join(folder, 'sub', 'b1.txt'), '{{ broken');
    const { text } = await notification(['s?b/[a-c]*.tmpl', 'nothing/*.tmpl'], folder);
    expect(text('{{ template "slack.default.title" . }} {{ template "a1.tmpl" . }}')).toBe('own outside');
    await expect(notification(['sub/b1.txt'], folder)).rejects.toMatchObject({
      diagnostics: [{ code: 'FD409', message: expect.stringContaining('b1.txt:1:') }],
    });
    await expect(notification(['sub'], folder)).rejects.toMatchObject({ diagnostics: [{ code: 'FD409' }] });
  });
});
