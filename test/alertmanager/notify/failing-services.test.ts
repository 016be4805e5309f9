// Services that hang, redirect, talk nonsense or close: each is bounded, tried again where that may help, and told of
// without a secret.

import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Dispatcher, type NotificationIntent } from '../../../src/alertmanager/dispatch/dispatcher.ts';
import type { Delivery } from '../../../src/alertmanager/notify/deliver.ts';
import { NotificationSender } from '../../../src/alertmanager/notify/sender.ts';
import { ServiceLines } from '../../../src/alertmanager/notify/service-line.ts';
import { readTemplates } from '../../../src/alertmanager/notify/templates/template-files.ts';
import { systemClock } from '../../../src/base/clock.ts';
import { Labels } from '../../../src/base/labels.ts';
import { describeWith } from '../../support/requires.ts';
import { configOf } from '../timeline.ts';
import { type Cleanups, temporaryFolder } from './embedded.ts';
import { challengeAnswer, type MailServerOptions, StandInMailServer } from './stand-in-mail-server.ts';
import { createAuthority } from './stand-in-services.ts';

const cleanups: Cleanups = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Handle = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** The address of a server that does this. */
async function serve(handle: Handle): Promise<string> {
  let count = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => handle(request, response, ++count));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One notification to a receiver with this integration, given up after `lastsMs`. */
async function notify(integration: string, lastsMs = 4000, global = '{}'): Promise<Delivery> {
  const config = configOf(
    `global: ${global}\nroute: {receiver: r, group_wait: 0s}\nreceivers: [{name: r, ${integration}}]`,
  );
  const dispatcher = new Dispatcher(config);
  const now = Date.now();
  dispatcher.receive([{ labels: Labels.from({ alertname: 'A' }), annotations: {}, startsAt: now }], now);
  const [intent] = dispatcher.advance(now).notifications as [NotificationIntent];
  const lines = new ServiceLines(systemClock, new Set(config.secrets));
  cleanups.push(() => lines.close());
  const sender = new NotificationSender({
    templates: await readTemplates(config),
    clock: systemClock,
    externalUrl: 'http://am',
    openLine: (one, signal) => lines.open(one, signal),
  });
  const short = { ...intent, deadlineAt: Date.now() + lastsMs };
  return sender.send(short, () => 0.5, new AbortController().signal);
}

const json = (response: ServerResponse, body: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

describe('a service that fails', () => {
  it('by hanging is given up at the deadline', async () => {
    const url = await serve(() => {});
    const delivery = await notify(`webhook_configs: [{url: "${url}/secret-hook"}]`, 1200);
    expect(delivery).toMatchObject({ ok: false, attempts: 1, reason: expect.stringMatching(/^no answer/) });
  });

  it('by hanging once is tried again after its own timeout', async () => {
    const url = await serve((_, response, count) => {
      if (count > 1) response.end('ok');
    });
    const delivery = await notify(`webhook_configs: [{url: "${url}", timeout: 400ms}]`, 20_000);
    expect(delivery).toMatchObject({ ok: true, attempts: 2 });
  });

  it('by closing is tried again, and its secret path is not shown', async () => {
    const url = await serve((request) => request.socket.destroy());
    const delivery = await notify(`slack_configs: [{api_url: "${url}/services/secret-path"}]`, 1500);
    expect(delivery).toMatchObject({ ok: false, reason: expect.stringContaining('cannot be reached') });
    expect(delivery.attempts).toBeGreaterThan(1);
    expect(JSON.stringify(delivery)).not.toContain('secret');
  });

  it('by moving away is followed, unless that is not wanted', async () => {
    const seen: string[] = [];
    const url = await serve((request, response) => {
      seen.push(`${request.method} ${request.url}`);
      if (request.url === '/new') response.end('ok');
      else response.writeHead(307, { location: '/new' }).end();
    });
    expect(await notify(`webhook_configs: [{url: "${url}/old"}]`)).toMatchObject({ ok: true, attempts: 1 });
    expect(seen).toEqual(['POST /old', 'POST /new']);
    const stays = `webhook_configs: [{url: "${url}/old", http_config: {follow_redirects: false}}]`;
    expect(await notify(stays)).toMatchObject({
      ok: false,
      reason: 'unexpected status code 307',
      attempts: 1,
    });
  });

  it('by redirecting without end is tried again until the deadline', async () => {
    const url = await serve((_, response) => response.writeHead(302, { location: '/again' }).end());
    const delivery = await notify(`webhook_configs: [{url: "${url}"}]`, 1500);
    expect(delivery).toMatchObject({ ok: false, reason: expect.stringContaining('redirects more than') });
  });

  it.each([
    ['slack, whose text is not ok', 'slack_configs: [{api_url: URL}]', 'no_service', false],
    [
      'slack, whose JSON says no',
      'slack_configs: [{api_url: URL}]',
      { ok: false, error: 'no_channel' },
      false,
    ],
    [
      'telegram, whose answer is no JSON',
      'telegram_configs: [{api_url: URL, bot_token: "1:a-secret", chat_id: 1}]',
      'oops',
      true,
    ],
    [
      'wechat, which gives no token',
      'wechat_configs: [{api_url: URL, api_secret: a-secret, corp_id: c}]',
      { errcode: 40001 },
      false,
    ],
    [
      'rocketchat, which has no success',
      'rocketchat_configs: [{api_url: URL, token: t, token_id: i}]',
      { success: false, error: 'x' },
      false,
    ],
  ] as const)('by saying nonsense: %s', async (_, text, body, isRetried) => {
    const url = await serve((__, response) => {
      if (typeof body === 'string') response.writeHead(200, { 'content-type': 'text/plain' }).end(body);
      else json(response, body);
    });
    const delivery = await notify(text.replace('URL', `"${url}"`), 1500);
    expect(delivery.ok).toBe(false);
    expect(delivery.attempts > 1).toBe(isRetried);
    expect(JSON.stringify(delivery)).not.toContain('a-secret');
  });

  it.each([
    ['pagerduty_configs: [{url: URL, routing_key: k}]', 429, true],
    ['pagerduty_configs: [{url: URL, routing_key: k}]', 400, false],
    ['opsgenie_configs: [{api_url: URL, api_key: k}]', 429, true],
    ['victorops_configs: [{api_url: URL, api_key: k, routing_key: r}]', 429, false],
    ['webhook_configs: [{url: URL}]', 404, false],
    ['webhook_configs: [{url: URL}]', 503, true],
  ] as const)('by a status: %s with %i is tried again: %s', async (text, status, isRetried) => {
    const url = await serve((_, response, count) => {
      response.writeHead(count === 1 ? status : 200).end();
    });
    const delivery = await notify(text.replace('URL', `"${url}"`));
    expect(delivery).toMatchObject({ ok: isRetried, attempts: isRetried ? 2 : 1 });
  });

  it('by answering without end is cut off', async () => {
    const url = await serve((_, response) => {
      const more = setInterval(() => response.write('x'.repeat(500_000)), 1);
      response.on('close', () => clearInterval(more));
    });
    const delivery = await notify(`webhook_configs: [{url: "${url}"}]`, 1500);
    expect(delivery).toMatchObject({ ok: false, reason: expect.stringContaining('more than the limit') });
  });

  it('before it is asked, when a secret file or an address is wrong, is not tried again', async () => {
    expect(await notify('slack_configs: [{api_url_file: /nowhere}]')).toMatchObject({
      ok: false,
      attempts: 1,
    });
    const folder = temporaryFolder(cleanups);
    writeFileSync(join(folder, 'url'), 'no address: a-secret');
    const delivery = await notify(`discord_configs: [{webhook_url_file: ${folder}/url}]`);
    expect(delivery).toMatchObject({ ok: false, attempts: 1, reason: 'webhook_url is not an address' });
  });
});

describe('a template that fails', () => {
  it.each([
    ['{{ .Nothing.There }}', "can't evaluate field Nothing"],
    ['{{ template "not there" }}', 'not defined'],
    ['{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', 'deep'],
    ['{{ range 100000 }}{{ printf "%1000d" . }}{{ end }}', 'prints more than'],
    ['{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}', 'takes more than'],
    ['{{ mustToDate "2006" "x" }}', 'cannot parse'],
  ])('fails the notification for good: %s', async (template, reason) => {
    const url = await serve((_, response) => response.end('ok'));
    const delivery = await notify(`slack_configs: [{api_url: "${url}", text: '${template}'}]`);
    expect(delivery).toMatchObject({ ok: false, attempts: 1, reason: expect.stringContaining(reason) });
  });
});

describeWith(['openssl'], 'mail', () => {
  async function mailServer(
    options: Partial<MailServerOptions>,
  ): Promise<{ server: StandInMailServer; ca: string }> {
    const authority = createAuthority(temporaryFolder(cleanups), ['localhost']);
    const server = new StandInMailServer({ authority, mechanisms: [], ...options });
    await server.start();
    cleanups.push(() => server.stop());
    return { server, ca: authority.caFile };
  }
  const settings = (port: number, ca: string, more = ''): string =>
    `email_configs: [{to: 'a@example.org, b@example.org', from: f@example.org, smarthost: 'localhost:${port}', tls_config: {ca_file: ${ca}}${more}}]`;

  it.each([
    [
      'the first that there is a password for',
      ['CRAM-MD5', 'PLAIN', 'LOGIN'],
      'auth_password: pw',
      'PLAIN u pw',
    ],
    ['LOGIN where it stands first', ['LOGIN', 'PLAIN'], 'auth_password: pw', 'LOGIN u pw'],
    [
      'CRAM-MD5 with a secret',
      ['PLAIN', 'CRAM-MD5'],
      'auth_secret: s',
      `CRAM-MD5 ${challengeAnswer('u', 's')}`,
    ],
  ])('logs in by %s, once the connection is encrypted', async (_, mechanisms, secret, login) => {
    const { server, ca } = await mailServer({ mechanisms });
    const delivery = await notify(settings(server.port, ca, `, auth_username: u, ${secret}`));
    expect(delivery).toMatchObject({ ok: true });
    expect(server.mails).toMatchObject([
      { from: 'f@example.org', to: ['a@example.org', 'b@example.org'], login, isEncrypted: true },
    ]);
  });

  it('is not sent in plain sight unless that is allowed', async () => {
    const { server, ca } = await mailServer({ startTls: false });
    expect(await notify(settings(server.port, ca), 1500)).toMatchObject({ ok: false });
    expect(server.mails).toEqual([]);
    expect(await notify(settings(server.port, ca, ', require_tls: false'))).toMatchObject({ ok: true });
    expect(server.mails).toMatchObject([{ isEncrypted: false, login: undefined }]);
  });

  it('is tried again when the server is not ready, and given up when it hangs', async () => {
    let refusals = 1;
    const { server, ca } = await mailServer({
      answer: (command) => (command === 'MAIL' && refusals-- > 0 ? '451 later' : undefined),
    });
    expect(await notify(settings(server.port, ca))).toMatchObject({ ok: true, attempts: 2 });
    const hanging = await mailServer({ answer: (command) => (command === 'MAIL' ? '' : undefined) });
    const delivery = await notify(settings(hanging.server.port, hanging.ca), 1500);
    expect(delivery.ok).toBe(false);
  });

  it('is refused by a certificate of somebody else', async () => {
    const { server } = await mailServer({});
    const other = createAuthority(temporaryFolder(cleanups), ['localhost']);
    const delivery = await notify(settings(server.port, other.caFile), 1500);
    expect(delivery).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/certificate|signature|self/i),
    });
  });
});
