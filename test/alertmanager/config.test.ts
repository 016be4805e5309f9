import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import { formatDiagnostic } from '../../src/base/diagnostics.ts';
import { conformance, conformanceFolder } from '../support/conformance.ts';
import { describeWith } from '../support/requires.ts';
import { configExpectations, routeFileExpectations } from './config-expectations.ts';
import { configOf } from './timeline.ts';

function mistakes(text: string): string[] {
  const read = readAlertmanagerConfig('alertmanager.yml', text);
  if (read.ok) return [];
  return read.diagnostics.map(({ code, message, at }) => `${at?.line}:${at?.column} ${code} ${message}`);
}

describe('alertmanager.yml', () => {
  it('is read with its defaults', () => {
    const config = configOf(`
global: {http_config: {bearer_token: s3cr3t-token}}
route:
  receiver: ops
  group_by: [alertname, cluster]
  routes:
    - match: {team: a}
      match_re: {env: "prod|stage"}
      matchers: ['severity="page"', "{x!=y, z=~\\"1.5\\"}"]
      continue: true
      group_by: ['...']
      labels: {reason: "1.50", number: 1.50}
inhibit_rules:
  - {source_match: {severity: critical}, target_matchers: [severity=~"warning|info"], equal: [cluster]}
receivers:
  - name: ops
    webhook_configs:
      - {url: "https://hooks.example.org/T0/B0?k=v", max_alerts: 5, timeout: 1.5s}
      - {url_file: /run/url, send_resolved: false, http_config: {basic_auth: {username: u, password: pa55word}}}
    email_configs: [{to: a@example.org, from: b@example.org, smarthost: "mail.example.org:587"}]
mute_time_intervals: [{name: old, time_intervals: [{days_of_month: ["-3:-1"], months: [may:july, 12], years: ["2026"]}]}]
time_intervals: [{name: new}]
templates: ['*.tmpl']
`);
    expect(config.resolveTimeoutMs).toBe(300_000);
    const [child] = config.route.routes;
    expect(child!.matchers.map(String)).toEqual([
      'env=~"^(?:prod|stage)$"',
      'severity="page"',
      'team="a"',
      'x!="y"',
      'z=~"1.5"',
    ]);
    expect(child).toMatchObject({
      receiver: undefined,
      continue: true,
      groupBy: '...',
      labels: { reason: '1.50', number: '1.50' },
    });
    expect(config.route.groupBy).toEqual(['alertname', 'cluster']);
    const [first, second, mail] = config.receivers[0]!.integrations;
    expect(first!.settings).toMatchObject({
      url: 'https://hooks.example.org/T0/B0?k=v',
      max_alerts: '5',
      timeout: '1.5s',
    });
    expect(first!.http).toEqual({ bearerToken: 's3cr3t-token' });
    expect(second).toMatchObject({
      index: 1,
      sendResolved: false,
      settings: { url_file: '/run/url' },
      http: { basicAuth: { username: 'u' } },
    });
    expect(mail).toMatchObject({ type: 'email', index: 0, sendResolved: false });
    expect(config.inhibitRules[0]!.sourceMatchers.map(String)).toEqual(['severity="critical"']);
    expect(config.timeIntervals.get('old')).toEqual([
      {
        daysOfMonth: [{ begin: -3, end: -1 }],
        months: [
          { begin: 5, end: 7 },
          { begin: 12, end: 12 },
        ],
        years: [{ begin: 2026, end: 2026 }],
      },
    ]);
    expect([...config.secrets].sort()).toEqual(['/T0/B0?k=v', 'pa55word', 's3cr3t-token']);
  });

  it('tells all mistakes of a file at once, each at its place', () => {
    const text = `
global: {resolve_timeout: 5 minutes, slack_api_url: "http://x.example", slack_api_url_file: /f}
route:
  receiver: opps
  matchers: [a=b]
  group_by: [alertname, alertname]
  routes:
    - reciever: ops
      matchers: ['severity=~"a("', 'b', 'c="d']
      group_interval: 0s
      mute_time_intervals: [nihgt]
receivers:
  - name: ops
    webhook_configs: [{url: "ftp://x", url_file: y}]
    slack_configs: [{channel: '#c'}]
    sns_configs: [{}]
  - name: ops
inhibit_rules: [{source_match: {"a-b": c}}]
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: "25:00", end_time: "06:00"}], weekdays: [funday], location: Mars/Base}]
`;
    expect(mistakes(text)).toMatchInlineSnapshot(`
      [
        "2:27 FD112 global.resolve_timeout: "5 minutes" is not a duration",
        "2:93 FD403 slack_api_url and slack_api_url_file exclude each other",
        "4:13 FD110 the receiver "opps" is not defined",
        "5:13 FD402 the root route has matchers",
        "6:25 FD111 route.group_by[1]: alertname is there twice",
        "8:7 FD106 unknown key "reciever" in route.routes[0]",
        "9:19 FD401 route.routes[0].matchers[0]: bad regular expression: error parsing regexp: missing closing ): \`^(?:a()$\`",
        "9:38 FD401 route.routes[0].matchers[1]: expected an operator such as =, !=, =~ or !~, found the end of the text",
        "9:44 FD401 route.routes[0].matchers[2]: a string without its end, or with an unknown escape",
        "10:23 FD112 route.routes[0].group_interval: cannot be zero",
        "11:29 FD110 the time interval "nihgt" is not defined",
        "14:29 FD105 receivers[0].webhook_configs[0].url: is not an address",
        "14:50 FD403 url and url_file exclude each other",
        "16:19 FD404 sns: one of topic_arn, phone_number, target_arn is not set",
        "17:11 FD111 the receiver "ops" is there twice",
        "18:40 FD401 inhibit_rules[0].source_match.a-b: "a-b" is not a label name here",
        "21:44 FD405 time_intervals[0].time_intervals[0].times[0].start_time: "25:00" is not a time such as 09:30",
        "21:85 FD405 time_intervals[0].time_intervals[0].weekdays[0]: "funday" is not a weekday",
        "21:104 FD405 time_intervals[0].time_intervals[0].location: "Mars/Base" is not a time zone",
      ]
    `);
  });

  it('shows the line', () => {
    const read = readAlertmanagerConfig(
      'alertmanager.yml',
      'route: {receiver: ops}\nreceivers:\n  - name: opz\n',
    );
    expect(read.ok ? '' : formatDiagnostic(read.diagnostics[0]!)).toBe(
      [
        'alertmanager.yml:1:19: error FD110: the receiver "ops" is not defined',
        '    1 | route: {receiver: ops}',
        '      |                   ^^^',
        '  expected: opz',
      ].join('\n'),
    );
  });

  it.each([
    ['', 'FD102'],
    ['route: [', 'FD103'],
    ['just text', 'FD105'],
    ['receivers: [{name: a}]', 'FD107'],
    ['route: {}\nreceivers: [{name: a}]', 'FD402'],
    ['route: {receiver: a}\n---\nroute: {receiver: a}', 'FD104'],
    ['route: {receiver: a, continue: true}\nreceivers: [{name: a}]', 'FD402'],
    ['route: {receiver: a, routes: [{group_by: ["...", b]}]}\nreceivers: [{name: a}]', 'FD403'],
    ['route: {receiver: a, group_wait: 1.5h}\nreceivers: [{name: a}]', 'FD112'],
  ])('refuses %j', (text, code) => {
    const read = readAlertmanagerConfig('alertmanager.yml', text);
    expect(read.ok ? [] : read.diagnostics.map((diagnostic) => diagnostic.code)).toContain(code);
  });

  it('points at settings that requests are sent without', () => {
    const config = configOf(
      'route: {receiver: a}\nreceivers: [{name: a, webhook_configs: [{url: "http://x", http_config: {no_proxy: y}}]}]',
    );
    expect(config.warnings).toMatchObject([{ code: 'FD406', at: { line: 2 } }]);
  });
});

describeWith([conformance('alertmanager')], 'configurations of Alertmanager itself', () => {
  const folder = conformanceFolder('alertmanager');
  const accepted = (path: string): boolean => {
    const read = readAlertmanagerConfig(path, readFileSync(path, 'utf8'));
    return read.ok;
  };

  it.each(configExpectations)('%s: %s (%s)', (file, expected) => {
    expect(accepted(join(folder, 'config', file))).toBe(expected);
  });

  it.each(routeFileExpectations)('%s: %s', (file, expected) => {
    expect(accepted(join(folder, 'routes', file))).toBe(expected);
  });

  it('are all there', () => {
    expect(configExpectations.map(([file]) => file).sort()).toEqual(
      readdirSync(join(folder, 'config')).sort(),
    );
    expect(routeFileExpectations.map(([file]) => file).sort()).toEqual(
      readdirSync(join(folder, 'routes')).sort(),
    );
  });
});
