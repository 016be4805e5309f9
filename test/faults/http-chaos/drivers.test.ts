import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { proxy as driver } from '../../../src/faults/http-chaos/drivers/proxy.ts';
import type { HttpRequest } from '../../../src/faults/http-chaos/interception.ts';
import { loadTls } from '../../../src/faults/http-chaos/proxy/tls.ts';
import { parseHostPort } from '../../../src/faults/targets/host-port.ts';
import { TcpProxy } from '../../../src/faults/targets/proxy/proxy.ts';
import { describeWith } from '../../support/requires.ts';
import { ask, onCleanup, spec, startEcho, startProxy, startServer } from './support.ts';

async function startTarget(upstream: number): Promise<{ target: TcpProxy; port: number }> {
  const target = new TcpProxy(
    { name: 'line', namespace: 'default', labels: {} },
    { type: 'proxy', listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstream}` },
    systemClock,
    seededRandom(1),
  );
  await target.start();
  onCleanup(() => target.stop());
  return { target, port: parseHostPort(target.address).port };
}

function requestOn(target: TcpProxy, fields: Parameters<typeof spec>[0], folder = '/'): HttpRequest {
  return {
    name: 'http-chaos',
    kind: 'HTTPChaos',
    spec: spec({ port: target.upstream.port, ...fields }),
    durationMs: 10_000,
    target,
    declared: { type: 'proxy', listen: target.address, upstream: '' },
    machine: { uid: 65_534, canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: '/nowhere',
    folder,
  };
}

const noLease = async () => {};

describe('HTTPChaos on a proxy target', () => {
  it('catches connections that are open already, and gives them back', async () => {
    const { target, port } = await startTarget(await startEcho());
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    onCleanup(() => agent.destroy());
    expect((await ask(port, '/', { agent })).code).toBe(200);
    const active = await driver.inject(requestOn(target, { replace: { code: 503 } }), undefined, noLease);
    expect(await active.missing()).toBeUndefined();
    expect((await ask(port, '/', { agent })).code).toBe(503);
    expect((await ask(port, '/', { agent })).code).toBe(503);
    expect(active.hits()).toBe(2);
    await active.undo();
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringContaining(`leads to 127.0.0.1:${target.upstream.port} again`),
    });
    expect((await ask(port, '/', { agent })).code).toBe(200);
    expect(active.hits()).toBe(2);
  });

  it('waits for the answer that a connection of before is owed', async () => {
    let answer = () => {};
    const upstream = await startServer((socket) => {
      answer = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      socket.on('end', () => socket.end());
      socket.resume();
    });
    const { target, port } = await startTarget(upstream);
    const pending = ask(port, '/', { agent: new http.Agent({ keepAlive: true }) });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const fields = { target: 'Request', abort: true } as const;
    const injected = driver.inject(requestOn(target, fields), undefined, noLease);
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer();
    expect(await pending).toMatchObject({ code: 200, body: 'ok' });
    const active = await injected;
    await expect(ask(port, '/')).rejects.toThrow();
    await active.undo();
  });

  it('shares the proxy with a second fault, and they end in any order', async () => {
    const { target, port } = await startTarget(await startEcho());
    const one = await driver.inject(requestOn(target, { replace: { code: 500 } }), undefined, noLease);
    const two = await driver.inject(requestOn(target, { path: '/two', abort: true }), undefined, noLease);
    await expect(ask(port, '/two')).rejects.toThrow();
    await one.undo();
    expect(await one.verifyUndone()).toMatchObject({ undone: true });
    expect((await ask(port, '/')).code).toBe(200);
    await expect(ask(port, '/two')).rejects.toThrow();
    await two.undo();
    expect(await two.verifyUndone()).toMatchObject({ undone: true });
    expect((await ask(port, '/two')).code).toBe(200);
    // And once more, as a schedule does.
    const again = await driver.inject(requestOn(target, { replace: { code: 500 } }), undefined, noLease);
    expect((await ask(port, '/')).code).toBe(500);
    await again.undo();
  });

  it('leaves WebSockets alone, those of before when it is told to, and those of meanwhile at the undo', async () => {
    const upstream = await startServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
        socket.pipe(socket);
      });
    });
    const { target, port } = await startTarget(upstream);
    const open = async () => {
      const socket = connect(port, '127.0.0.1');
      onCleanup(() => socket.destroy());
      const say = async (text: string) => {
        socket.write(text);
        const [bytes] = (await once(socket, 'data')) as [Buffer];
        return bytes.toString();
      };
      const head = 'GET /chat HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
      expect(await say(head)).toMatch(/^HTTP\/1\.1 101 /);
      return say;
    };
    const older = await open();
    const fields = { path: '/other', abort: true, openConnections: 'keep' } as const;
    const active = await driver.inject(requestOn(target, fields), undefined, noLease);
    const newer = await open();
    expect([await older('one'), await newer('two')]).toEqual(['one', 'two']);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
    expect([await older('three'), await newer('four')]).toEqual(['three', 'four']);
    expect(active.hits()).toBe(0);
  });

  it('acts behind a network fault on the same proxy', async () => {
    const { target, port } = await startTarget(await startEcho());
    const delay = await target.disturb({ type: 'delay', direction: 'to', latencyMs: 200, jitterMs: 0 });
    const active = await driver.inject(requestOn(target, { replace: { code: 500 } }), undefined, noLease);
    const before = performance.now();
    expect((await ask(port, '/')).code).toBe(500);
    expect(performance.now() - before).toBeGreaterThanOrEqual(199);
    await active.undo();
    await delay.remove();
  });

  it('says in its plan what it does', async () => {
    const { target } = await startTarget(1);
    const fields = {
      path: '/api/*',
      method: 'GET',
      code: 200,
      delay: '300ms',
      replace: { code: 503, body: '' },
    };
    expect(driver.plan(requestOn(target, fields))).toMatchObject({
      what: `delays by 300ms, replaces code and body of GET responses to /api/* with status 200 on port 1 for 10s`,
      hits: 'responses changed',
    });
  });

  it('refuses, before anything is touched, what it could not do', async () => {
    const { target } = await startTarget(1);
    expect(await driver.probe(requestOn(target, { abort: true }))).toEqual({ usable: true });
    expect(await driver.probe(requestOn(target, { abort: true, port: 7 }))).toMatchObject({
      usable: false,
      reason: 'the proxy has nothing to do with port 7',
    });
    const secret = { secretName: 'web', secretNamespace: 'prod', certName: 'tls.crt', keyName: 'tls.key' };
    expect(await driver.probe(requestOn(target, { abort: true, tls: secret }))).toMatchObject({
      usable: false,
      reason: 'tls names the secret prod/web of a cluster',
    });
    const files = { certFile: 'absent.pem', keyFile: 'absent.pem' };
    await expect(driver.probe(requestOn(target, { abort: true, tls: files }))).rejects.toMatchObject({
      diagnostics: [{ code: 'FD655', message: expect.stringContaining('/absent.pem') }],
    });
  });
});

describeWith(['openssl'], 'HTTPChaos with a certificate', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'firedrill-tls-'));
    const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...files, ...name],
      {
        stdio: 'ignore',
      },
    );
    writeFileSync(join(folder, 'broken.pem'), 'no certificate');
    return () => rmSync(folder, { recursive: true });
  });

  const files = (caFile?: string) => ({
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    caFile: caFile === undefined ? undefined : join(folder, caFile),
  });

  async function startTls(): Promise<number> {
    const server = https.createServer(
      { ...(await pems()), ALPNProtocols: ['http/1.1'] },
      (request, response) => {
        response.end(`secure ${request.url} ${(request.socket as tls.TLSSocket).servername}`);
      },
    );
    const sockets = new Set<Duplex>();
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onCleanup(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return (server.address() as { port: number }).port;
  }

  async function pems() {
    const { readFile } = await import('node:fs/promises');
    return { cert: await readFile(join(folder, 'cert.pem')), key: await readFile(join(folder, 'key.pem')) };
  }

  async function askTls(port: number): Promise<{ code: number | undefined; body: string }> {
    const { cert: ca } = await pems();
    return new Promise((resolve, reject) => {
      const request = https.get(
        { host: '127.0.0.1', servername: 'localhost', port, ca, path: '/x', agent: false },
        (response) => {
          let body = '';
          response.on('data', (bytes) => {
            body += bytes;
          });
          response.on('end', () => resolve({ code: response.statusCode, body }));
        },
      );
      request.on('error', reject);
    });
  }

  it('reads and changes what is said inside, and passes the name that the client asked for', async () => {
    const { proxy, port } = await startProxy(await startTls(), await loadTls(files('cert.pem')));
    expect(await askTls(port)).toEqual({ code: 200, body: 'secure /x localhost' });
    const rule = proxy.add(spec({ target: 'Request', replace: { path: '/y' } }));
    proxy.add(spec({ replace: { code: 503 } }));
    expect(await askTls(port)).toEqual({ code: 503, body: 'secure /y localhost' });
    expect(rule.hits).toBe(1);
  });

  it('needs no authority to reach the target', async () => {
    const { port } = await startProxy(await startTls(), await loadTls(files()));
    expect((await askTls(port)).code).toBe(200);
  });

  it('breaks the connection when the target is not who the authority says', async () => {
    const other = join(folder, 'other');
    const made = ['-keyout', `${other}.key`, '-out', `${other}.pem`, '-subj', '/CN=localhost'];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...made], { stdio: 'ignore' });
    const { port } = await startProxy(await startTls(), await loadTls(files('other.pem')));
    await expect(askTls(port)).rejects.toThrow();
  });

  it('passes unread what is not encrypted on the same port', async () => {
    const { port } = await startProxy(await startEcho(), await loadTls(files()));
    expect((await ask(port, '/')).code).toBe(200);
  });

  it('does not offer HTTP/2', async () => {
    const { port } = await startProxy(await startTls(), await loadTls(files()));
    const client = tls.connect({
      socket: connect(port, '127.0.0.1'),
      servername: 'localhost',
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    onCleanup(() => client.destroy());
    await new Promise((resolve) => client.once('secureConnect', resolve));
    expect(client.alpnProtocol).toBe('http/1.1');
  });

  it('finds files by the folder of the experiment, and refuses those that are none', async () => {
    const { target } = await startTarget(1);
    const good = { certFile: 'cert.pem', keyFile: 'key.pem' };
    expect(await driver.probe(requestOn(target, { abort: true, tls: good }, folder))).toEqual({
      usable: true,
    });
    const broken = { certFile: 'broken.pem', keyFile: 'key.pem' };
    await expect(driver.probe(requestOn(target, { abort: true, tls: broken }, folder))).rejects.toMatchObject(
      {
        diagnostics: [{ code: 'FD655' }],
      },
    );
  });
});
