import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CapturedNotification, CaptureReceiver, captureLimits } from '../../src/alertmanager/capture.ts';
import type { CaptureSpec } from '../../src/alertmanager/capture-spec.ts';
import { systemClock } from '../../src/base/clock.ts';
import { UserError } from '../../src/base/diagnostics.ts';

let folder: string;
let receiver: CaptureReceiver | undefined;
let captured: CapturedNotification[];
let errors: string[];
const servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-capture-'));
  captured = [];
  errors = [];
});
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

async function start(spec: Partial<CaptureSpec> = {}, secrets: string[] = []): Promise<CaptureReceiver> {
  receiver = new CaptureReceiver({
    spec: { listen: '127.0.0.1:0', token: undefined, answers: {}, ...spec },
    clock: systemClock,
    folder: join(folder, 'notifications'),
    secrets,
    onNotification: (notification) => captured.push(notification),
    onError: (reason) => errors.push(reason),
  });
  await receiver.start();
  return receiver;
}

function post(url: URL, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(url, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...headers },
  });
}

const message = {
  receiver: 'team\\.a',
  status: 'firing',
  groupKey: '{}:{alertname="A"}',
  groupLabels: { alertname: 'A' },
  alerts: [
    {
      status: 'firing',
      labels: { alertname: 'A' },
      startsAt: '2026-01-01T00:00:00Z',
      endsAt: '0001-01-01T00:00:00Z',
    },
  ],
};

describe('capture receiver', () => {
  it('records what comes, by the receiver in the path or in the body', async () => {
    const server = await start();
    expect(
      (await post(server.urlFor('platform/on call'), message, { 'x-firedrill-run': 'run-1' })).status,
    ).toBe(200);
    expect((await post(new URL('any/where', server.url), message)).status).toBe(200);
    expect((await post(server.url, 'not json {')).status).toBe(200);
    expect(captured.map(({ sequence, receiver: name, run }) => [sequence, name, run])).toEqual([
      [1, 'platform/on call', 'run-1'],
      [2, 'team.a', undefined],
      [3, 'unknown', undefined],
    ]);
    expect(captured[0]!.message).toMatchObject({
      groupKey: '{}:{alertname="A"}',
      alerts: [{ labels: { alertname: 'A' } }],
    });
    expect(captured[2]).toMatchObject({ message: undefined, body: 'not json {' });
    const files = readdirSync(join(folder, 'notifications')).sort();
    expect(files).toEqual(['0001-platform_on_call.json', '0002-team.a.json', '0003-unknown.json']);
    const written = JSON.parse(readFileSync(join(folder, 'notifications', files[1]!), 'utf8'));
    expect(written).toMatchObject({
      sequence: 2,
      method: 'POST',
      path: '/any/where',
      body: message,
      answer: { status: 200 },
    });
  });

  it('masks secrets in headers, bodies and paths', async () => {
    const server = await start({}, ['hunter2-secret']);
    await post(
      new URL('hook/hunter2-secret?x=1', server.url),
      { text: 'the password is hunter2-secret' },
      {
        authorization: 'Bearer abc',
        'x-api-key': 'abc',
        'x-note': 'hunter2-secret',
      },
    );
    const written = readFileSync(join(folder, 'notifications', '0001-unknown.json'), 'utf8');
    expect(written).not.toMatch(/hunter2|abc/);
    expect(captured[0]!.headers).toMatchObject({
      authorization: '<redacted>',
      'x-api-key': '<redacted>',
      'x-note': '<redacted>',
    });
  });

  it('answers as it is told, for as long as it is told', async () => {
    const server = await start({ answers: { pager: { status: 503, delayMs: 100, forMs: 600 } } });
    const started = performance.now();
    expect((await post(server.urlFor('pager'), message)).status).toBe(503);
    expect(performance.now() - started).toBeGreaterThanOrEqual(95);
    expect((await post(server.urlFor('chat'), message)).status).toBe(200);
    expect(captured.map(({ answer }) => answer.status)).toEqual([503, 200]);
    await new Promise((resolve) => setTimeout(resolve, 550));
    expect((await post(server.urlFor('pager'), message)).status).toBe(200);
  });

  it('wants its token in the path or as a bearer token, and never writes it', async () => {
    const server = await start({ token: 'open sesame' });
    expect(server.url.pathname).toBe('/open%20sesame/');
    expect((await post(server.urlFor('a'), message)).status).toBe(200);
    const bare = new URL('/capture/b', server.url);
    expect((await post(bare, message)).status).toBe(401);
    expect((await post(bare, message, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post(bare, message, { authorization: 'Bearer open sesame' })).status).toBe(200);
    expect(captured.map(({ receiver: name }) => name)).toEqual(['a', 'b']);
    expect(server.refusedCount).toBe(2);
    for (const file of readdirSync(join(folder, 'notifications')))
      expect(readFileSync(join(folder, 'notifications', file), 'utf8')).not.toMatch(/sesame/);
  });

  it('refuses to be open to the network without a token', async () => {
    await expect(start({ listen: '0.0.0.0:0' })).rejects.toMatchObject({ diagnostics: [{ code: 'FD407' }] });
    await expect(start({ listen: ':0' })).rejects.toBeInstanceOf(UserError);
    await expect(start({ listen: 'nonsense' })).rejects.toMatchObject({ diagnostics: [{ code: 'FD105' }] });
    await start({ listen: '0.0.0.0:0', token: 'long-enough' });
    expect(receiver!.url.hostname).toBe('127.0.0.1');
  });

  it('says when its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    servers.push(other);
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    await expect(start({ listen: `127.0.0.1:${port}` })).rejects.toMatchObject({
      diagnostics: [{ code: 'FD408' }],
    });
  });

  it('limits bodies, methods and files of hostile names', async () => {
    const server = await start();
    expect((await post(server.url, 'x'.repeat(captureLimits.bodyBytesMax + 1))).status).toBe(413);
    expect((await fetch(server.url)).status).toBe(405);
    expect((await post(server.urlFor('../../../etc/passwd'), message)).status).toBe(200);
    expect((await post(new URL('capture/%E0%A4%A', server.url), message)).status).toBe(200);
    expect(readdirSync(folder)).toEqual(['notifications']);
    expect(captured).toHaveLength(2);
  });

  it('answers 500 and goes on when a notification cannot be written', async () => {
    const server = await start();
    writeFileSync(join(folder, 'notifications', '0001-a.json'), 'in the way');
    expect((await post(server.urlFor('a'), message)).status).toBe(500);
    expect(errors[0]).toMatch(/could not be captured/);
    expect((await post(server.urlFor('a'), message)).status).toBe(200);
    expect(existsSync(join(folder, 'notifications', '0002-a.json'))).toBe(true);
  });

  it('survives a sender that hangs up, and stops while it delays an answer', async () => {
    const server = await start({ answers: { slow: { status: 200, delayMs: 60_000, forMs: undefined } } });
    await new Promise<void>((resolve) => {
      const socket = connect(Number(server.url.port), '127.0.0.1', () => {
        socket.write('POST /capture/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\npart');
        setTimeout(() => socket.destroy(), 50);
      });
      socket.on('close', () => resolve());
    });
    const hanging = post(server.urlFor('slow'), message).catch(() => undefined);
    while (captured.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const started = performance.now();
    await server.stop();
    await hanging;
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
