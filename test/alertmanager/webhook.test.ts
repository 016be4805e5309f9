import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { PostedAlert } from '../../src/alertmanager/alert.ts';
import { type CapturedNotification, CaptureReceiver } from '../../src/alertmanager/capture.ts';
import { readAlertmanagerConfig } from '../../src/alertmanager/config/read.ts';
import { Dispatcher } from '../../src/alertmanager/dispatch/dispatcher.ts';
import { CaptureLine } from '../../src/alertmanager/notify/capture-line.ts';
import { notificationOf } from '../../src/alertmanager/notify/notification.ts';
import { NotificationSender } from '../../src/alertmanager/notify/sender.ts';
import { NotificationTemplates } from '../../src/alertmanager/notify/templates/notification-templates.ts';
import { webhookBody } from '../../src/alertmanager/notify/webhook.ts';
import { fetchRemoteConfig, postAlerts } from '../../src/alertmanager/remote.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { seededRandom } from '../../src/base/random.ts';
import { freePort, type Program, startProgram } from '../support/processes.ts';
import { describeWith } from '../support/requires.ts';
import { configOf } from './timeline.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function capture(): Promise<{ server: CaptureReceiver; captured: CapturedNotification[] }> {
  const captured: CapturedNotification[] = [];
  const server = new CaptureReceiver({
    spec: { listen: '127.0.0.1:0', token: undefined, answers: {} },
    clock: systemClock,
    folder: undefined,
    secrets: [],
    onNotification: (notification) => captured.push(notification),
    onError: (reason) => {
      throw new Error(reason);
    },
  });
  await server.start();
  cleanups.push(() => server.stop());
  return { server, captured };
}

async function until(done: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** A dispatcher on real time that delivers to the capture receiver, as a live run does. */
function embedded(text: string, server: CaptureReceiver): { post(alerts: readonly PostedAlert[]): void } {
  const dispatcher = new Dispatcher(configOf(text));
  const stopped = new AbortController();
  const line = new CaptureLine({
    run: 'run-7',
    clock: systemClock,
    secrets: new Set(),
    captureUrl: (receiver) => server.urlFor(receiver),
  });
  const sender = new NotificationSender({
    templates: new NotificationTemplates([]),
    clock: systemClock,
    externalUrl: 'http://alertmanager.test/am?firedrill_run=run-7',
    openLine: (intent, signal) => line.open(intent, signal),
  });
  const step = async (): Promise<void> => {
    const { notifications } = dispatcher.advance(Date.now());
    for (const intent of notifications) {
      const delivery = await sender.send(intent, seededRandom(1), stopped.signal);
      dispatcher.settle(intent, { ok: delivery.ok, atMs: delivery.at });
    }
  };
  const loop = (async () => {
    while (!stopped.signal.aborted) {
      await step();
      await systemClock.sleep(20, stopped.signal);
    }
  })();
  cleanups.push(async () => {
    stopped.abort();
    await loop;
  });
  return { post: (alerts) => dispatcher.receive(alerts, Date.now()) };
}

const config = (url: string) => `
route:
  receiver: default
  group_wait: 500ms
  group_interval: 1s
  routes:
    - {matchers: ['team=~"a|b"'], receiver: 'team.a (pager)', group_by: [alertname, job]}
receivers:
  - {name: default, webhook_configs: [{url: "${url}"}]}
  - {name: 'team.a (pager)', webhook_configs: [{url: "${url}", max_alerts: 2}]}
`;

const startsAt = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const labels = (more: Record<string, string>): Labels =>
  Labels.from({ alertname: 'High<Load>', job: 'a"b', ...more });
const firing: PostedAlert[] = [
  {
    labels: labels({ team: 'a', instance: '2' }),
    annotations: { summary: 'x & y', zone: 'ü' },
    startsAt,
    generatorUrl: 'http://p/graph?a=1&b=2',
  },
  {
    labels: labels({ team: 'a', instance: '1' }),
    annotations: { summary: 'x & y', aside: 'n\nl' },
    startsAt: startsAt + 322,
  },
  { labels: labels({ team: 'b' }), annotations: { summary: 'x & y' }, startsAt: startsAt - 5678 },
  { labels: Labels.from({ alertname: 'Other' }), annotations: {}, startsAt },
];

/** What both must say alike: not their own address, and times only where they were given. */
function comparable(notification: CapturedNotification): object {
  const { externalURL: _, notification_reason: __, ...body } = notification.body as Record<string, unknown>;
  return body;
}

describe('dispatcher, delivery and capture', () => {
  it('sends what fires and what resolves to the capture receiver, with the run in header and address', async () => {
    const { server, captured } = await capture();
    const alertmanager = embedded(config('http://192.0.2.1/never'), server);
    alertmanager.post(firing.slice(3));
    await until(() => captured.length === 1, 'the first notification');
    alertmanager.post([{ ...firing[3]!, endsAt: Date.now() - 1 }]);
    await until(() => captured.length === 2, 'the resolved notification');
    expect(captured[0]).toMatchObject({
      receiver: 'default',
      integration: 'webhook[0]',
      run: 'run-7',
      path: '/capture/default',
      body: {
        status: 'firing',
        externalURL: 'http://alertmanager.test/am?firedrill_run=run-7',
        notification_reason: 'first notification',
      },
      message: { alerts: [{ status: 'firing', labels: { alertname: 'Other' } }] },
    });
    expect(captured[1]!.message).toMatchObject({ status: 'resolved', alerts: [{ status: 'resolved' }] });
  });
});

describe('webhook body', () => {
  it('leaves out what is over max_alerts, and counts it', () => {
    const flushed = firing.map((alert) => ({
      status: 'firing' as const,
      alert: { startsAt: 0, endsAt: 1, generatorUrl: '', updatedAt: 0, timeout: false, ...alert },
    }));
    const notification = notificationOf(
      {
        receiver: 'r',
        reason: 'first notification',
        groupKey: 'k',
        groupLabels: Labels.empty,
        alerts: flushed,
      },
      { templates: new NotificationTemplates([]), externalUrl: 'http://a', nowMs: 0 },
    );
    const body = webhookBody(notification, 3);
    expect(body.alerts).toHaveLength(3);
    expect(body.truncatedAlerts).toBe(1);
    expect(body.commonLabels).toEqual({ alertname: 'High<Load>', job: 'a"b' });
    expect(body.commonAnnotations).toEqual({ summary: 'x & y' });
  });
});

describeWith(['prometheus-alertmanager'], 'webhook beside Alertmanager', () => {
  async function startAlertmanager(text: string): Promise<{ url: string; program: Program }> {
    const folder = mkdtempSync(join(tmpdir(), 'firedrill-alertmanager-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'alertmanager.yml'), text);
    const url = `http://127.0.0.1:${await freePort()}`;
    const program = await startProgram(
      [
        'prometheus-alertmanager',
        `--config.file=${folder}/alertmanager.yml`,
        `--storage.path=${folder}/data`,
        `--web.listen-address=${url.slice('http://'.length)}`,
        '--cluster.listen-address=',
      ],
      `${url}/-/ready`,
    );
    cleanups.push(() => program.stop());
    return { url, program };
  }

  it('is the same for the same alerts', async () => {
    const theirs = await capture();
    const ours = await capture();
    const { url } = await startAlertmanager(config(theirs.server.url.href));
    const alertmanager = embedded(config('http://192.0.2.1/never'), ours.server);
    await postAlerts(url, {}, systemClock, firing);
    alertmanager.post(firing);
    await until(() => theirs.captured.length >= 2 && ours.captured.length >= 2, 'firing notifications');
    const endsAt = Date.now();
    const resolved = firing.map((alert) => ({ ...alert, endsAt }));
    await postAlerts(url, {}, systemClock, resolved);
    alertmanager.post(resolved);
    await until(() => theirs.captured.length >= 4 && ours.captured.length >= 4, 'resolved notifications');

    const byReceiver = (list: readonly CapturedNotification[]) =>
      [...list].sort((a, b) => (a.message!.status + a.receiver < b.message!.status + b.receiver ? -1 : 1));
    expect(theirs.captured.map(({ receiver }) => receiver).sort()).toEqual([
      'default',
      'default',
      'team.a (pager)',
      'team.a (pager)',
    ]);
    expect(byReceiver(ours.captured).map(comparable)).toEqual(byReceiver(theirs.captured).map(comparable));
  });

  it('gives its configuration, which we can read back', async () => {
    const { url } = await startAlertmanager(config('http://127.0.0.1:1/secret/path'));
    const text = await fetchRemoteConfig(url, {}, systemClock);
    const read = readAlertmanagerConfig(url, text);
    expect(read.ok ? [] : read.diagnostics).toEqual([]);
    if (read.ok) expect(read.value.receivers.map(({ name }) => name)).toEqual(['default', 'team.a (pager)']);
    await expect(fetchRemoteConfig(`${url}/nothing/here`, {}, systemClock)).rejects.toMatchObject({
      diagnostics: [{ code: 'FD703' }],
    });
  });
});
