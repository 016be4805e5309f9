import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import { client, groupOf, Network, ownGroups, server } from './support.ts';

const needs = [root, 'nft', 'unshare', 'nsenter', 'ip', 'ss', 'openssl'];
const fails = { target: 'Response', direction: 'to', port: 8080, replace: { code: 503 } };

const secureServer = `
const { readFileSync } = require('node:fs');
const [cert, key] = process.argv.slice(1).map((file) => readFileSync(file));
require('node:https').createServer({ cert, key }, (_, response) => response.end('hello'))
  .listen(8443, '127.0.0.1', () => console.log(JSON.stringify({ result: true })));
process.stdin.resume();`;

const secureClient = `
require('node:readline').createInterface({ input: process.stdin }).on('line', () => {
  const options = { rejectUnauthorized: false, agent: false };
  const say = (result) => console.log(JSON.stringify({ result }));
  require('node:https').get('https://127.0.0.1:8443/', options, (response) => {
    response.resume().on('end', () => say(response.statusCode));
  }).on('error', (error) => say(error.code));
});`;

async function start() {
  const network = await Network.start();
  for (const host of ['127.0.0.2', '10.99.0.1', '::1'])
    await network.talker(process.execPath, '-e', `${server}`, '8080', host).ask({});
  await network.talker(process.execPath, '-e', server, '8081', '127.0.0.1').ask({});
  const runner = await network.runner();
  const [app, stranger] = [1, 2].map(() => network.talker(process.execPath, '-e', client));
  const get = (url: string, by = app!) => by.ask({ url: `http://${url}` });
  const { pid } = app!;
  const inject = (spec: object = {}) =>
    runner.ask({ do: 'inject', kind: 'HTTPCalls', pid, spec: { ...fails, ...spec } });
  return { network, runner, app: app!, stranger: stranger!, get, inject };
}

describeWith(needs, 'HTTPChaos on what a process calls', () => {
  it('changes answers of wherever it calls, on old connections and new ones, and of nobody else', async () => {
    const { runner, app, stranger, get, inject } = await start();
    const home = groupOf(app.pid);
    expect(await get('127.0.0.2:8080/')).toEqual({ code: 200, body: 'hello /' });
    await inject({ path: '/a*' });
    expect(await runner.ask({ do: 'missing' })).toBeNull();
    for (const host of ['127.0.0.2', '10.99.0.1', '[::1]']) {
      expect(await get(`${host}:8080/a`)).toEqual({ code: 503, body: 'hello /a' });
      expect(await get(`${host}:8080/b`)).toEqual({ code: 200, body: 'hello /b' });
    }
    expect(await get('127.0.0.1:8081/a')).toEqual({ code: 200, body: 'hello /a' });
    expect(await get('127.0.0.2:8080/a', stranger)).toEqual({ code: 200, body: 'hello /a' });
    expect(await runner.ask({ do: 'hits' })).toBe(3);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await get('127.0.0.2:8080/a')).toEqual({ code: 200, body: 'hello /a' });
    expect(groupOf(app.pid)).toBe(home);
  });

  it('sends other requests than the process did', async () => {
    const { runner, get, inject } = await start();
    await inject({ target: 'Request', replace: { path: '/elsewhere' } });
    expect(await get('10.99.0.1:8080/a')).toEqual({ code: 200, body: 'hello /elsewhere' });
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await get('10.99.0.1:8080/a')).toEqual({ code: 200, body: 'hello /a' });
  });

  it('passes TLS untouched and says so, and reads it with the certificate given', async () => {
    const { network, runner } = await start();
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(network.folder, name)) as [string, string];
    const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=localhost'];
    execFileSync('openssl', ['req', '-x509', ...made], { stdio: 'ignore' });
    await network.talker(process.execPath, '-e', secureServer, cert, key).ask({});
    const app = network.talker(process.execPath, '-e', secureClient);
    const order = { do: 'inject', kind: 'HTTPCalls', pid: app.pid };
    await runner.ask({ ...order, spec: { ...fails, port: 8443 } });
    expect(await app.ask({})).toBe(200);
    expect(await runner.ask({ do: 'hits' })).toBe(0);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({
      undone: true,
      evidence: expect.stringContaining('1 connections passed unread'),
    });
    const tls = { certFile: cert, keyFile: key };
    await runner.ask({ ...order, spec: { ...fails, port: 8443, tls } });
    expect(await app.ask({})).toBe(503);
    expect(await runner.ask({ do: 'undo', fault: 1 })).toMatchObject({ undone: true });
    expect(await app.ask({})).toBe(200);
  });

  it('is a refusal when nobody listens where the process calls', async () => {
    const { get, inject } = await start();
    await inject();
    expect(await get('127.0.0.9:8080/')).toEqual({ error: 'ECONNRESET' });
  });

  it('leaves nothing when its runner is killed', async () => {
    const { network, runner, app, get, inject } = await start();
    await inject();
    expect(await get('127.0.0.2:8080/')).toMatchObject({ code: 503 });
    await runner.kill();
    await expect.poll(() => network.nft('list', 'tables'), { timeout: 5000 }).toBe('');
    await expect.poll(() => groupOf(app.pid).includes('firedrill'), { timeout: 5000 }).toBe(false);
    await expect
      .poll(() => ownGroups().filter((group) => group.includes(`firedrill_${runner.pid}_`)), {
        timeout: 5000,
      })
      .toEqual([]);
    await expect
      .poll(() => get('127.0.0.2:8080/'), { timeout: 5000 })
      .toEqual({ code: 200, body: 'hello /' });
  });
});
