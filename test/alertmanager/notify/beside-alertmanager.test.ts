// Every integration that Debian's Alertmanager has, sending the same alerts as ours through the same kind of proxy to
// stand-ins of the services: what they were sent must be the same.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PostedAlert } from '../../../src/alertmanager/alert.ts';
import { postAlerts } from '../../../src/alertmanager/remote.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { describeWith } from '../../support/requires.ts';
import { type Cleanups, startAlertmanager, startEmbedded, temporaryFolder, until } from './embedded.ts';
import { type ReceivedMail, readMail, StandInMailServer } from './stand-in-mail-server.ts';
import { createAuthority, type Received, StandInServices } from './stand-in-services.ts';

const cleanups: Cleanups = [];
afterAll(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const hosts = [
  'hooks.slack.test',
  'events.pagerduty.com',
  'api.opsgenie.com',
  'alert.victorops.com',
  'api.pushover.net',
  'sns.eu-west-1.amazonaws.com',
  'api.telegram.org',
  'qyapi.weixin.qq.com',
  'discord.test',
  'webexapis.com',
  'gitlab.test',
  'localhost',
];

const templates = `
{{ define "team.text" }}{{ range .Alerts }}*{{ .Labels.alertname | title }}* {{ .Annotations.summary | toUpper }}
{{ (.Labels.Remove (stringSlice "alertname" "job")).Values | join "+" }} {{ .Labels.SortedPairs.Names | join "," }}
{{ if match "^[12]$" .Labels.instance }}one or two{{ else }}none{{ end }} {{ reReplaceAll "(\\\\w+) & (\\\\w+)" "$2+$1" .Annotations.summary }}
{{ .StartsAt.Format "Mon Jan 2 15:04:05.000 2006" }} {{ .Fingerprint }} {{ .Annotations.missing }}|{{ index .Labels "nothing" }}|
{{ end }}{{ printf "%d of %q" (len .Alerts.Firing) .Receiver }} {{ with .CommonAnnotations }}{{ .SortedPairs.Values }}{{ end }}{{ end }}
{{ define "team.html" }}<p title="{{ .CommonAnnotations.summary }}">{{ range .Alerts }}<a href="{{ .GeneratorURL }}">{{ .Labels.job }}</a>
<!-- not shown --><i data-x={{ .Labels.alertname }}>{{ .Annotations.markup | safeHtml }}{{ .Annotations.markup }}</i>
<a href="/x?q={{ .Labels.alertname }}&y={{ .Labels.job }}" style="color: {{ .Status }}">{{ .Annotations.link }}</a><a href="{{ .Annotations.link }}">l</a>
<script>var x = {{ .Annotations.summary }}, y = "{{ .Labels.job }}", n = {{ len .Labels }};</script>{{ end }}</p>{{ end }}
`;

/** Debian's version knows them as texts only, so these are texts that nothing reads as numbers or mappings. */
const details =
  `firing: '{ {{ template "pagerduty.default.instances" .Alerts.Firing }}', ` +
  `resolved: '{ {{ template "pagerduty.default.instances" .Alerts.Resolved }}', num_firing: 'n {{ .Status }}', num_resolved: '{'`;

function configText(proxyUrl: string, smtpPort: number, caFile: string, templateGlob: string): string {
  return `
global:
  http_config: {proxy_url: "${proxyUrl}", tls_config: {ca_file: "${caFile}"}}
  smtp_smarthost: "localhost:${smtpPort}"
  smtp_from: 'Drill <alerts@example.org>'
  smtp_auth_username: drill
  smtp_auth_password: secret-of-mail
  smtp_hello: drill.example.org
  slack_api_url: https://hooks.slack.test/services/T0/B0/slack-secret
  opsgenie_api_key: opsgenie-key
  victorops_api_key: victorops-key
  wechat_api_secret: wechat-secret
  wechat_api_corp_id: corp
templates: ['${templateGlob}']
route: {receiver: everyone, group_by: [alertname, job], group_wait: 300ms, group_interval: 1s}
receivers:
- name: everyone
  webhook_configs:
  - {url: 'https://gitlab.test/group/project/prometheus/alerts/notify.json', http_config: {proxy_url: "${proxyUrl}", tls_config: {ca_file: "${caFile}"}, authorization: {credentials: gitlab-token}}}
  slack_configs:
  - {send_resolved: true, channel: '#ops'}
  - send_resolved: true
    text: '{{ template "team.text" . }}'
    title: '{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}${'x'.repeat(1100)}'
    short_fields: true
    fields: [{title: Job, value: '{{ .CommonLabels.job }}'}, {title: T, value: V, short: false}]
    actions: [{type: button, text: Runbook, url: 'https://r/{{ .GroupLabels.alertname }}'}, {type: button, text: Ack, name: ack, value: '1', style: primary, confirm: {text: sure, title: T, ok_text: y, dismiss_text: n}}]
    link_names: true
    mrkdwn_in: [text]
    image_url: http://i/
    color: '{{ if eq .Status "firing" }}warning{{ end }}'
  pagerduty_configs:
  - {routing_key: pagerduty-key, details: {${details}}}
  - routing_key: '{{ .Status }}-key'
    severity: '{{ .CommonLabels.severity }}'
    class: c
    component: '{{ .GroupLabels.job }}'
    group: g
    details: {own: '{{ .CommonAnnotations.summary }}', ${details}}
    images: [{src: 'http://i/{{ .Status }}', alt: a, href: h}, {alt: none}]
    links: [{href: http://l/, text: t}, {text: none}]
  - {service_key: pagerduty-service-key, details: {${details}}}
  opsgenie_configs:
  - {update_alerts: true, priority: P1, tags: 'a,{{ .Status }},,b', note: n, entity: e, actions: 'x, y', responders: [{name: 'one,two', type: teams}, {name: '{{ .GroupLabels.job }}', type: team}, {id: '1', type: user}], details: {k: '{{ .Status }}'}}
  victorops_configs:
  - {routing_key: 'r-{{ .GroupLabels.alertname }}', message_type: WARNING, custom_fields: {extra: '{{ .Status }}'}}
  pushover_configs:
  - {user_key: pushover-user, token: pushover-token}
  - {user_key: pushover-user, token: pushover-token, html: true, message: '{{ template "team.html" . }}', url_title: t, sound: s, retry: 90s, expire: 1h30m}
  sns_configs:
  - {sigv4: {region: eu-west-1, access_key: AKIDEXAMPLE, secret_key: aws-secret-key}, topic_arn: 'arn:aws:sns:eu-west-1:123456789012:t.fifo', attributes: {key: '{{ .Status }}', a: b}}
  - {sigv4: {region: eu-west-1, access_key: AKIDEXAMPLE, secret_key: aws-secret-key}, phone_number: '+491', subject: '', message: '${'ab'.repeat(900)}'}
  telegram_configs:
  - {bot_token: '1:telegram-token', chat_id: -100200, api_url: 'https://api.telegram.org', parse_mode: HTML, disable_notifications: true}
  - {bot_token: '1:telegram-token', chat_id: 5, api_url: 'https://api.telegram.org', parse_mode: '', message: '{{ .CommonAnnotations.summary }}'}
  wechat_configs:
  - {send_resolved: true, to_user: '@all', agent_id: '7'}
  - {send_resolved: true, message_type: markdown, message: '**{{ .Status }}**'}
  discord_configs:
  - {webhook_url: 'https://discord.test/api/webhooks/1/discord-secret'}
  webex_configs:
  - {room_id: room, http_config: {proxy_url: "${proxyUrl}", tls_config: {ca_file: "${caFile}"}, authorization: {credentials: webex-token}}}
  email_configs:
  - {send_resolved: true, to: 'a@example.org, B <b@example.org>', headers: {x-team: 'ö {{ .Status }}', subject: 'S: {{ .CommonAnnotations.summary }}'}, text: '{{ template "team.text" . }}', html: '{{ template "team.html" . }}', tls_config: {ca_file: "${caFile}"}}
  - {send_resolved: true, to: 'c@example.org', html: '', text: '{{ .Status }}', tls_config: {ca_file: "${caFile}"}}
`;
}

const startsAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const alert = (instance: string, annotations: Record<string, string>): PostedAlert => ({
  labels: Labels.from({ alertname: 'High<Load> of a&b', job: `a"b'c`, severity: 'critical', instance }),
  annotations: { summary: 'x & y', ...annotations },
  startsAt,
  generatorUrl: 'http://p/graph?g0.expr=a+%3E+1&g0.tab=1',
});
const firing = [
  alert('2', { link: 'javascript:alert(1)', markup: '<b>bold</b> + "q"' }),
  alert('1', { zone: 'ü', link: 'http://ok/?a=b c&d', markup: '<i>' }),
];

interface Side {
  readonly services: StandInServices;
  readonly mail: StandInMailServer;
}

describeWith(['prometheus-alertmanager', 'openssl'], 'notifications beside Alertmanager', () => {
  const sides = {} as { ours: Side; theirs: Side };
  // Two requests a notification of WeChat's at first, three of Opsgenie's while it fires.
  const expectedFiring = 21;
  const expectedAll = 37;

  beforeAll(async () => {
    const folder = temporaryFolder(cleanups);
    const authority = createAuthority(folder, hosts);
    writeFileSync(join(folder, 'team.tmpl'), templates);
    const side = async (): Promise<Side> => {
      const services = new StandInServices(authority);
      const mail = new StandInMailServer({ authority, mechanisms: ['LOGIN', 'PLAIN'] });
      await Promise.all([services.start(), mail.start()]);
      cleanups.push(
        () => services.stop(),
        () => mail.stop(),
      );
      return { services, mail };
    };
    sides.ours = await side();
    sides.theirs = await side();
    const config = ({ services, mail }: Side): string =>
      configText(services.proxyUrl, mail.port, authority.caFile, join(folder, 'te*.tmpl'));
    const theirs = await startAlertmanager(config(sides.theirs), cleanups);
    const ours = await startEmbedded(config(sides.ours), cleanups);
    const both = async (alerts: readonly PostedAlert[], requests: number, mails: number): Promise<void> => {
      ours.post(alerts);
      await postAlerts(theirs.url, {}, systemClock, alerts);
      const done = ({ services, mail }: Side): boolean =>
        services.received.length >= requests && mail.mails.length >= mails;
      await until(
        () => done(sides.ours) && done(sides.theirs),
        () =>
          JSON.stringify({
            requests: [sides.ours.services.received.length, sides.theirs.services.received.length],
            mails: [sides.ours.mail.mails.length, sides.theirs.mail.mails.length],
            ours: ours.deliveries.filter(({ delivery }) => !delivery.ok),
            theirs: theirs.output().slice(-3000),
          }),
      );
    };
    await both(firing, expectedFiring, 2);
    await both(
      firing.map((one) => ({ ...one, endsAt: Date.now() })),
      expectedAll,
      4,
    );
  });

  it.each(hosts.filter((host) => host !== 'localhost'))('sends %s what Alertmanager sends', (host) => {
    const of = ({ services }: Side): object[] =>
      services.received
        .filter((request) => request.host.replace(/:443$/, '') === host)
        .map(comparable)
        .sort(byText);
    expect(of(sides.theirs).length).toBeGreaterThan(0);
    expect(of(sides.ours)).toEqual(of(sides.theirs));
  });

  it('sends the mails that Alertmanager sends', () => {
    const of = ({ mail }: Side): object[] => mail.mails.map(comparableMail).sort(byText);
    expect(sides.theirs.mail.mails).toHaveLength(4);
    expect(of(sides.ours)).toEqual(of(sides.theirs));
  });
});

/** In the order of their texts, whatever the order of their fields. */
function byText(a: object, b: object): number {
  return canonical(a) < canonical(b) ? -1 : 1;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function comparable({ method, host, path, query, headers, body }: Received): object {
  const { authorization = '' } = headers;
  return {
    method,
    host: host.replace(/:443$/, ''),
    path,
    query: withoutNewer(query),
    contentType: headers['content-type'],
    // The signature covers the time and the sender's own name; that it is right is tested with published examples.
    authorization: authorization.replace(/\/\d{8}\/|SignedHeaders.*/g, '/'),
    body: parsed(body),
  };
}

/** Debian's version knows no device of Pushover. */
function withoutNewer({ device: _, ...query }: Readonly<Record<string, string>>): object {
  return query;
}

function parsed(body: string): unknown {
  if (body.startsWith('{')) {
    const { notification_reason: _, ...rest } = JSON.parse(body) as Record<string, unknown>;
    return rest;
  }
  return body.startsWith('Action=') ? Object.fromEntries(new URLSearchParams(body)) : body;
}

function comparableMail({ message, ...mail }: ReceivedMail): object {
  const { headers, parts } = readMail(message);
  const { date, 'message-id': id, 'content-type': type, ...compared } = headers;
  return {
    ...mail,
    hasDate: !Number.isNaN(Date.parse(date!)),
    hasId: id !== undefined,
    type: type?.split(';')[0],
    compared,
    parts,
  };
}
