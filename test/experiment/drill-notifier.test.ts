import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { NotificationTemplates } from '../../src/alertmanager/notify/templates/notification-templates.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Labels } from '../../src/base/labels.ts';
import { DrillNotifier } from '../../src/experiment/run/drill-notifier.ts';
import { TimelineLog } from '../../src/experiment/run/timeline-log.ts';
import { configOf } from '../alertmanager/timeline.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A service that takes everything but what is sent to `/refuses`. */
async function startService(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const refused = request.url === '/refuses';
      response.writeHead(refused ? 403 : 200, { 'content-type': 'text/plain' });
      response.end(refused ? 'who is drill-secret?' : 'ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function startTimeline(): TimelineLog {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-notifier-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const timeline = new TimelineLog(join(folder, 'timeline.jsonl'), systemClock, [], (error) => {
    throw error;
  });
  cleanups.push(() => timeline.close());
  return timeline;
}

it('tells the real receivers when they are to be told, and says who refused without a secret', async () => {
  const url = await startService();
  const timeline = startTimeline();
  const notifier = new DrillNotifier({
    config: configOf(`
route: {receiver: team, group_wait: 0s}
receivers:
- name: team
  webhook_configs: [{url: "${url}/refuses"}]
  slack_configs: [{api_url: "${url}/takes"}]
`),
    templates: new NotificationTemplates([]),
    isReal: true,
    secrets: new Set(['drill-secret']),
    run: 'run-7',
    clock: systemClock,
    timeline,
    captureUrl: () => new URL('http://127.0.0.1:1/'),
    ruleOf: () => ({ group: '', file: '' }),
  });
  notifier.start();
  cleanups.push(() => notifier.stop());
  notifier.receive([{ labels: Labels.from({ alertname: 'A' }), annotations: {}, startsAt: Date.now() }]);
  const find = (wanted: string) => timeline.events.find(({ type }) => type === wanted);
  const deadline = Date.now() + 20_000;
  while (!find('notification.delivered') || !find('notification.failed')) {
    if (Date.now() > deadline) throw new Error(`timed out: ${JSON.stringify(timeline.events)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(find('notification.delivered')).toMatchObject({
    receiver: 'team',
    integration: 'slack[0]',
    status: 'firing',
    alerts: [{ labels: { alertname: 'A' } }],
  });
  expect(find('notification.failed')).toMatchObject({
    integration: 'webhook[0]',
    attempts: 1,
    reason: 'unexpected status code 403: who is <redacted>?',
  });
});
