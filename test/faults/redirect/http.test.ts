import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Lease } from '../../../src/faults/leases/lease.ts';
import { describeWith, root } from '../../support/requires.ts';
import { client, Network, server, type Talker } from './support.ts';

const needs = [root, 'nft', 'unshare', 'nsenter', 'ip', 'ss'];
const port = 8080;

async function start(host = '127.0.0.1') {
  const network = await Network.start();
  const web = network.talker(process.execPath, '-e', server, String(port), host);
  await web.ask({});
  const { pid } = web;
  const runner = await network.runner();
  const kept = network.talker(process.execPath, '-e', client);
  const url = `http://${host.includes(':') ? '[::1]' : host === '0.0.0.0' ? '10.99.0.1' : host}:${port}`;
  const get = (path: string, by: Talker = kept) => by.ask({ url: url + path });
  const inject = (spec: object) =>
    runner.ask({ do: 'inject', kind: 'HTTPChaos', pid, spec: { target: 'Response', port, ...spec } });
  return { network, pid, runner, kept, get, inject };
}

function leasesOf({ folder }: Network): Lease[] {
  const leases = join(folder, 'state', 'leases');
  return readdirSync(leases)
    .sort()
    .map((name) => JSON.parse(readFileSync(join(leases, name), 'utf8')));
}

describeWith(needs, 'HTTPChaos on a process that runs already', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::1'])(
    'catches open and new connections to %s, and gives them back',
    async (host) => {
      const { network, runner, get, inject } = await start(host);
      expect(await get('/')).toEqual({ code: 200, body: 'hello /' });
      await inject({ path: '/a*', replace: { code: 503 } });
      expect(await runner.ask({ do: 'missing' })).toBeNull();
      expect(await get('/a')).toEqual({ code: 503, body: 'hello /a' });
      expect(await get('/b')).toEqual({ code: 200, body: 'hello /b' });
      const fresh = network.talker(process.execPath, '-e', client);
      expect(await get('/a', fresh)).toMatchObject({ code: 503 });
      expect(await runner.ask({ do: 'hits' })).toBe(2);
      expect(network.nft('list', 'tables')).toMatch(/^table inet firedrill_/);
      expect(await runner.ask({ do: 'undo' })).toMatchObject({
        undone: true,
        evidence: expect.stringContaining(`a connection to port ${port} reaches the target`),
      });
      expect(network.nft('list', 'tables')).toBe('');
      expect(await get('/a')).toEqual({ code: 200, body: 'hello /a' });
      expect(await get('/a', fresh)).toEqual({ code: 200, body: 'hello /a' });
      expect(await runner.ask({ do: 'hits' })).toBe(2);
    },
  );

  it('acts on clients from outside, and lets nobody reach the proxy but by the redirect', async () => {
    const { network, runner, inject, kept } = await start('0.0.0.0');
    const outsider = await network.outside(process.execPath, '-e', client);
    const fromOutside = (to: number | string) => outsider.ask({ url: `http://10.98.0.1:${to}/` });
    expect(await fromOutside(port)).toMatchObject({ code: 200 });
    await inject({ replace: { code: 503 } });
    expect(await fromOutside(port)).toMatchObject({ code: 503 });
    const proxyPort = /redirect to :(\d+)/.exec(network.nft('list', 'ruleset'))![1]!;
    expect(await kept.ask({ url: `http://127.0.0.1:${proxyPort}/` })).toEqual({ error: 'ECONNREFUSED' });
    expect(await fromOutside(proxyPort)).toEqual({ error: 'ECONNREFUSED' });
    expect(await runner.ask({ do: 'hits' })).toBe(1);
    await runner.ask({ do: 'undo' });
    expect(await fromOutside(port)).toMatchObject({ code: 200 });
  });

  it('leaves nothing when its runner is killed, and the port works again', async () => {
    const { network, runner, get, inject } = await start();
    await inject({ replace: { code: 503 } });
    expect(await get('/')).toMatchObject({ code: 503 });
    await runner.kill();
    await expect.poll(() => network.nft('list', 'tables'), { timeout: 5000 }).toBe('');
    const fresh = network.talker(process.execPath, '-e', client);
    expect(await get('/', fresh)).toEqual({ code: 200, body: 'hello /' });
  });

  it('leaves nothing of two faults that share a redirect when one has ended before its runner is killed', async () => {
    const { network, runner, get, inject } = await start();
    await inject({ path: '/a', replace: { code: 503 } });
    await inject({ path: '/b', replace: { code: 503 } });
    const [first, second] = leasesOf(network);
    const ends = first!.undo.filter(({ type }) => type === 'end-tree');
    expect(ends).toHaveLength(1);
    expect(second!.undo).toEqual(ends);
    await runner.ask({ do: 'undo', fault: 0 });
    expect([(await get('/a')).code, (await get('/b')).code]).toEqual([200, 503]);
    await runner.kill();
    await expect.poll(() => network.nft('list', 'tables'), { timeout: 5000 }).toBe('');
    await expect.poll(() => leasesOf(network).map(({ state }) => state)).toEqual(['undone', 'undone']);
  });

  it('says that the redirect is gone when somebody ends its holder', async () => {
    const { runner, inject, get } = await start();
    await inject({ replace: { code: 503 } });
    process.kill(holderOf(runner), 'SIGKILL');
    await expect
      .poll(() => runner.ask({ do: 'missing' }))
      .toMatch(/^the nftables table firedrill_\w+ is gone$/);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await get('/')).toMatchObject({ code: 200 });
  });

  it('acts on a target in another network namespace than its own', async () => {
    const { network, runner } = await start();
    const program = `ip link set lo up; exec ${process.execPath} -e "$0" 8083 127.0.0.1`;
    const there = network.talker('unshare', '--net', '--', 'sh', '-c', program, server);
    await there.ask({});
    const peer = network.talker(
      'nsenter',
      '--target',
      `${there.pid}`,
      '--net',
      process.execPath,
      '-e',
      client,
    );
    const get = () => peer.ask({ url: 'http://127.0.0.1:8083/' });
    expect(await get()).toEqual({ code: 200, body: 'hello /' });
    const spec = { target: 'Response', port: 8083, replace: { code: 503 } };
    await runner.ask({ do: 'inject', kind: 'HTTPChaos', pid: there.pid, spec });
    expect(await get()).toMatchObject({ code: 503 });
    expect(await runner.ask({ do: 'undo' })).toMatchObject({
      undone: true,
      evidence: expect.stringContaining('a connection to port 8083 reaches the target'),
    });
    expect(await get()).toEqual({ code: 200, body: 'hello /' });
  });

  it('leaves connections of before alone when it is told to', async () => {
    const { network, runner, pid, get } = await start();
    expect(await get('/')).toEqual({ code: 200, body: 'hello /' });
    const spec = { target: 'Response', port: 8080, replace: { code: 503 }, openConnections: 'keep' };
    await runner.ask({ do: 'inject', kind: 'HTTPChaos', pid, spec });
    expect(await runner.ask({ do: 'missing' })).toBeNull();
    expect(await get('/')).toEqual({ code: 200, body: 'hello /' });
    const fresh = network.talker(process.execPath, '-e', client);
    expect(await get('/', fresh)).toMatchObject({ code: 503 });
    expect(await runner.ask({ do: 'hits' })).toBe(1);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
  });

  it('refuses a port on which the target does not listen', async () => {
    const { runner, pid } = await start();
    const spec = { target: 'Request', port: 8081, abort: true };
    expect(await runner.ask({ do: 'probe', kind: 'HTTPChaos', pid, spec })).toMatchObject({
      usable: false,
      reason: 'the target does not listen on TCP port 8081',
    });
    await expect(runner.ask({ do: 'inject', kind: 'HTTPChaos', pid, spec })).rejects.toThrow(/8081/);
  });
});

describeWith([...needs, 'nginx'], 'HTTPChaos on nginx', () => {
  it('changes what its workers answer, without a restart', async () => {
    const { network, runner } = await start();
    const folder = network.folder;
    const conf = join(folder, 'nginx.conf');
    writeFileSync(
      conf,
      `daemon off; user root; pid ${folder}/nginx.pid; error_log stderr; worker_processes 2;
       events {}
       http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
         uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
         server { listen 8090; location / { default_type application/json; return 200 '{"status":"fine"}'; } } }`,
    );
    const nginx = network.talker('nginx', '-c', conf);
    const kept = network.talker(process.execPath, '-e', client);
    const get = () => kept.ask({ url: 'http://127.0.0.1:8090/' });
    await expect.poll(get).toEqual({ code: 200, body: '{"status":"fine"}' });
    const patch = { body: { type: 'JSON', value: '{"status":"Failed"}' } };
    const spec = { target: 'Response', port: 8090, path: '*', patch };
    const { pid } = nginx;
    await runner.ask({ do: 'inject', kind: 'HTTPChaos', pid, spec });
    expect(await get()).toEqual({ code: 200, body: '{"status":"Failed"}' });
    expect(await runner.ask({ do: 'hits' })).toBe(1);
    expect(await runner.ask({ do: 'undo' })).toMatchObject({ undone: true });
    expect(await get()).toEqual({ code: 200, body: '{"status":"fine"}' });
  });
});

/** The nft below the runner. */
function holderOf({ pid }: Talker): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(children.find((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'nft'));
}
