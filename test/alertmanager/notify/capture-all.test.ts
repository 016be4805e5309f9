// Every integration in a drill: the request that the service would get, at the capture receiver. What Debian's
// Alertmanager does not have is held against bodies written from the documentation of the services.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type CapturedNotification, CaptureReceiver } from '../../../src/alertmanager/capture.ts';
import type { CaptureSpec } from '../../../src/alertmanager/capture-spec.ts';
import { integrations } from '../../../src/alertmanager/config/integrations.ts';
import { CaptureLine } from '../../../src/alertmanager/notify/capture-line.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { configOf } from '../timeline.ts';
import { type Cleanups, type Embedded, startEmbedded, temporaryFolder, until } from './embedded.ts';

const cleanups: Cleanups = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Drill extends Embedded {
  readonly captured: CapturedNotification[];
  readonly folder: string;
}

async function startDrill(text: string, answers: CaptureSpec['answers'] = {}): Promise<Drill> {
  const folder = join(temporaryFolder(cleanups), 'notifications');
  const captured: CapturedNotification[] = [];
  const secrets = new Set(configOf(text).secrets);
  const server = new CaptureReceiver({
    spec: { listen: '127.0.0.1:0', token: 'capture-token', answers },
    clock: systemClock,
    folder,
    secrets,
    onNotification: (notification) => captured.push(notification),
    onError: (reason) => {
      throw new Error(reason);
    },
  });
  await server.start();
  cleanups.push(() => server.stop());
  const line = new CaptureLine({
    run: 'run-7',
    clock: systemClock,
    secrets,
    captureUrl: (receiver) => server.urlFor(receiver),
  });
  const embedded = await startEmbedded(text, cleanups, {
    externalUrl: 'http://am',
    openLine: (intent, signal) => line.open(intent, signal),
  });
  return { ...embedded, deliveries: embedded.deliveries, captured, folder };
}

const alert = {
  labels: Labels.from({ alertname: 'Slow', job: 'api', severity: 'critical' }),
  annotations: { summary: 'too slow' },
  startsAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  generatorUrl: 'http://p/g',
};
const list = `
Labels:
  - alertname = Slow
  - job = api
  - severity = critical

Annotations:
  - summary = too slow

Source: http://p/g

`;
const markdown = `\n\n# Alerts Firing:\n${list}\n\n\n`;

function configText(folder: string): string {
  writeFileSync(join(folder, 'token'), 'token-from-a-file\n');
  return `
global: {jira_api_url: 'https://jira.test/rest/api/2/', smtp_from: from@example.org, smtp_smarthost: 'mail.test:25'}
route: {receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers:
- name: all
  webhook_configs:
  - {url: 'https://gitlab.test/-/alerts/notify.json', http_config: {authorization: {credentials_file: ${folder}/token}}}
  - {url: 'https://hook.test/{{ .Status }}', payload: {title: '{{ .CommonLabels.alertname }}', list: '{{ .Alerts.Firing | toJson }}', n: 5, flag: '{{ true }}'}}
  email_configs: [{to: to@example.org, auth_password: mail-password, text: '{{ .Status }}'}]
  slack_configs: [{api_url: 'https://hooks.slack.test/services/slack-secret'}, {app_token: slack-app-token, channel: c, update_message: true}]
  pagerduty_configs: [{routing_key_file: ${folder}/token}]
  opsgenie_configs: [{api_key: opsgenie-secret}]
  victorops_configs: [{api_key: victorops-secret, routing_key: r}]
  pushover_configs: [{user_key: pushover-user, token: pushover-token}]
  sns_configs: [{topic_arn: 'arn:aws:sns:eu-west-1:1:t', sigv4: {region: eu-west-1, access_key: AKIDEXAMPLE, secret_key: aws-secret-key}}]
  telegram_configs: [{bot_token: '12:telegram-secret', chat_id: 5}]
  wechat_configs: [{api_secret: wechat-secret, corp_id: corp}]
  discord_configs: [{webhook_url: 'https://discord.test/api/webhooks/discord-secret', username: u, content: c}]
  webex_configs: [{room_id: room, http_config: {authorization: {credentials: webex-secret}}}]
  msteams_configs: [{webhook_url: 'https://teams.test/teams-secret'}]
  msteamsv2_configs: [{webhook_url: 'https://teams.test/flow-secret'}]
  jira_configs: [{project: OPS, issue_type: Bug, labels: [b, a], resolve_transition: Done, fields: {customfield_1: '{{ .Status }}'}}]
  rocketchat_configs: [{token: rocket-secret, token_id: rocket-id-secret, channel: '#ops', fields: [{title: t, value: v}]}]
  mattermost_configs:
  - {webhook_url: 'https://mattermost.test/hooks/mattermost-secret'}
  - {webhook_url: 'https://mattermost.test/hooks/mattermost-secret', text: t, attachments: [{title: one, fields: [{title: f, value: v, short: true}]}], props: {card: c}, priority: {priority: Important, requested_ack: true, persistent_notifications: true}}
  incidentio_configs: [{url: 'https://incident.test/v2/alert_events', alert_source_token: incident-secret}]
`;
}

async function captureAll(): Promise<Drill> {
  const drill = await startDrill(configText(temporaryFolder(cleanups)));
  drill.post([alert]);
  await until(
    () => drill.deliveries.length === 21,
    () => JSON.stringify(drill.deliveries),
  );
  return drill;
}

describe('every integration in a drill', () => {
  it('is captured with its own request, and answered as its service answers', async () => {
    const drill = await captureAll();
    expect(drill.deliveries.filter(({ delivery }) => !delivery.ok)).toEqual([]);
    const types = new Set(drill.captured.map(({ integration }) => integration.replace(/\[.*/, '')));
    expect([...types].sort()).toEqual(integrations.map(({ type }) => type).sort());
    const urls = drill.captured.map(({ method, url, aside }) => `${method} ${url}${aside ? ' aside' : ''}`);
    expect(urls.sort()).toMatchSnapshot();
  });

  it('keeps every secret out of what is written', async () => {
    const drill = await captureAll();
    const written = readdirSync(drill.folder)
      .map((file) => readFileSync(join(drill.folder, file), 'utf8'))
      .join('\n')
      .replaceAll('x-auth-token', '');
    expect(written).toContain('<redacted>');
    const leaks = written.match(/[\w-]*(?:-secret|-token|-password|pushover-user|token-from-a-file)[\w-]*/g);
    expect(leaks ?? []).toEqual([]);
  });

  it('has the bodies that the services document', async () => {
    const drill = await captureAll();
    const body = (integration: string): unknown =>
      drill.captured.find((one) => one.integration === integration && !one.aside)!.body;
    expect(body('msteams[0]')).toEqual({
      '@context': 'http://schema.org/extensions',
      type: 'MessageCard',
      title: '[FIRING:1] Slow (api critical)',
      summary: '[FIRING:1] Slow (api critical)',
      text: markdown,
      themeColor: '8C1A1A',
    });
    expect(body('msteamsv2[0]')).toEqual({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
            type: 'AdaptiveCard',
            version: '1.2',
            body: [
              {
                type: 'TextBlock',
                text: '[FIRING:1] Slow (api critical)',
                weight: 'Bolder',
                size: 'Medium',
                wrap: true,
                style: 'heading',
                color: 'Attention',
              },
              { type: 'TextBlock', text: markdown, wrap: true },
            ],
            msteams: { width: 'full' },
          },
        },
      ],
    });
    expect(body('mattermost[0]')).toEqual({
      username: 'Alertmanager',
      attachments: [
        {
          fallback: '[FIRING:1] Slow (api critical) | http://am/#/alerts?receiver=all',
          color: 'danger',
          text: markdown,
          title: '[FIRING:1] Slow (api critical)',
          title_link: 'http://am/#/alerts?receiver=all',
        },
      ],
    });
    expect(body('mattermost[1]')).toEqual({
      text: 't',
      username: 'Alertmanager',
      attachments: [{ title: 'one', fields: [{ title: 'f', value: 'v', short: true }] }],
      props: { card: 'c' },
      priority: { priority: 'important', requested_ack: true },
    });
    // GitLab takes Alertmanager's webhook: https://docs.gitlab.com/operations/incident_management/integrations/
    expect(body('webhook[0]')).toMatchObject({
      version: '4',
      status: 'firing',
      groupKey: '{}:{alertname="Slow"}',
      alerts: [
        { labels: { alertname: 'Slow' }, startsAt: '2026-01-02T03:04:05Z', generatorURL: 'http://p/g' },
      ],
    });
    expect(drill.captured.find(({ integration }) => integration === 'webhook[0]')!.headers).toMatchObject({
      authorization: '<redacted>',
      'content-type': 'application/json',
    });
    expect(body('webhook[1]')).toMatchObject({
      title: 'Slow',
      list: [{ status: 'firing' }],
      n: 5,
      flag: true,
    });
    expect(body('pagerduty[0]')).toMatchObject({
      routing_key: '<redacted>',
      event_action: 'trigger',
      payload: {
        severity: 'error',
        custom_details: { num_firing: 1, num_resolved: 0, resolved: [], firing: [{ status: 'firing' }] },
      },
    });
    expect(body('jira[0]')).toMatchObject({
      fields: {
        project: { key: 'OPS' },
        issuetype: { name: 'Bug' },
        summary: '[FIRING:1] Slow (api critical)',
        description: markdown,
        priority: { name: 'High' },
        customfield_1: 'firing',
        labels: [expect.stringMatching(/^ALERT\{[0-9a-f]{64}\}$/), 'a', 'b'],
      },
    });
    expect(body('rocketchat[0]')).toEqual({
      channel: '#ops',
      attachments: [
        {
          title: '[FIRING:1] Slow (api critical)',
          title_link: 'http://am/#/alerts?receiver=all',
          color: 'red',
          fields: [{ title: 't', value: 'v', short: false }],
        },
      ],
    });
    expect(body('incidentio[0]')).toMatchObject({ version: '1', status: 'firing', truncatedAlerts: 0 });
    expect(body('email[0]')).toMatchObject({
      from: 'from@example.org',
      to: ['to@example.org'],
      headers: expect.arrayContaining([['Subject', '[FIRING:1] Slow (api critical)']]),
      parts: [
        { type: 'text/plain', content: 'firing' },
        { type: 'text/html', content: expect.stringContaining('<div>summary = too slow</div>') },
      ],
      message: expect.stringContaining('Content-Transfer-Encoding: quoted-printable'),
    });
  });

  it('tells the end where the service wants it told', async () => {
    const drill = await captureAll();
    const before = drill.captured.length;
    drill.post([{ ...alert, endsAt: Date.now() }]);
    // Mails, Slack, WeChat and Rocket.Chat are not told of an end unless they are asked to be.
    await until(
      () => drill.deliveries.length === 37,
      () => `${drill.deliveries.length}`,
    );
    expect(drill.deliveries.filter(({ delivery }) => !delivery.ok)).toEqual([]);
    const after = drill.captured.slice(before);
    const urls = after.map(({ method, url }) => `${method} ${url}`);
    expect(urls).toContain('PUT https://jira.test/rest/api/2/issue/DRILL-1');
    expect(urls).toContain('POST https://jira.test/rest/api/2/issue/DRILL-1/transitions');
    expect(urls.filter((url) => /opsgenie/.test(url))).toEqual([
      expect.stringMatching(/\/v2\/alerts\/[0-9a-f]{64}\/close\?identifierType=alias$/),
    ]);
    expect(after.find(({ integration }) => integration === 'pagerduty[0]')!.body).toMatchObject({
      event_action: 'resolve',
    });
    expect(after.find(({ integration }) => integration === 'victorops[0]')!.body).toMatchObject({
      message_type: 'RECOVERY',
    });
    expect(new Set(after.map(({ integration }) => integration.replace(/\[.*/, '')))).not.toContain('email');
  });

  it('tries again while the receiver fails as it is told to, by mail too', async () => {
    const config = `
route: {receiver: both, group_wait: 0s, group_interval: 5s}
receivers:
- name: both
  pagerduty_configs: [{routing_key: pagerduty-secret}]
  email_configs: [{to: a@example.org, from: b@example.org, smarthost: 'mail.test:25'}]
`;
    const drill = await startDrill(config, { both: { status: 503, delayMs: 0, forMs: 900 } });
    drill.post([alert]);
    await until(
      () => drill.deliveries.length === 2,
      () => JSON.stringify(drill.deliveries),
    );
    for (const { delivery } of drill.deliveries) {
      expect(delivery).toMatchObject({ ok: true });
      expect(delivery.attempts).toBeGreaterThan(1);
    }
    expect(drill.captured[0]!.answer.status).toBe(503);
    expect(drill.captured.at(-1)!.answer.status).toBe(200);
  });
});
