import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { nftables, policing } from '../../../src/faults/network-chaos/drivers/nftables.ts';
import { describeWith, root } from '../../support/requires.ts';
import { sleep, until } from '../leases/support.ts';
import { requestFor, targetOf } from './requests.ts';
import { inject, startPeer } from './support.ts';

const ownTables = () =>
  execFileSync('nft', ['list', 'tables'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes(`firedrill_${process.pid}_`));

const groupOf = (pid: number) =>
  execFileSync('grep', ['^0::', `/proc/${pid}/cgroup`], { encoding: 'utf8' }).trim();

describeWith([root, 'nft', 'unshare'], 'nftables', () => {
  it.each(['127.0.0.1', '::1'])('cuts open and new connections at %s, and mends them', async (host) => {
    const [peer, client, bystander] = await Promise.all([startPeer(host), startPeer(host), startPeer(host)]);
    const group = groupOf(peer.pid);
    await client.ask('keep', peer);
    const injection = requestFor(targetOf(peer), { action: 'partition', direction: 'both' });
    const active = await inject(nftables, injection);
    expect(await active.missing()).toBeUndefined();
    expect(injection.steps.map(({ type }) => type)).toEqual(['end-tree', 'leave-cgroup']);
    expect(await client.ask('connect', peer)).toBe('timeout');
    expect(await client.ask('connect', bystander)).toBe('connected');
    const stalled = client.ask<(number | string)[]>('trips', peer);
    await until(() => active.hits()! > 1, 5000, 'a hit');
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/is gone; a new connection to \S+ came to be in \d+ ms/),
    });
    // What an open connection held is sent again.
    expect(typeof (await stalled)[0]).toBe('number');
    expect(ownTables()).toEqual([]);
    expect(groupOf(peer.pid)).toBe(group);
  });

  it('reaches connections that the target had made before, and those that it makes later', async () => {
    const [app, database] = await Promise.all([startPeer(), startPeer()]);
    await app.ask('keep', database);
    const active = await inject(nftables, requestFor(targetOf(app), { action: 'reset', direction: 'to' }));
    expect(await app.ask('trips', database)).toEqual(['closed']);
    expect(await app.ask('connect', { ...database, port: database.port })).toBe('ECONNREFUSED');
    await active.undo();
    expect(await app.ask('connect', database)).toBe('connected');
  });

  it.each(['reset', 'reject'])('ends open connections at once with %s, idle ones too', async (action) => {
    const [app, client, database] = await Promise.all([startPeer(), startPeer(), startPeer()]);
    await client.ask('keep', app);
    await app.ask('keep', database);
    const own = { action, target: { selector: {}, mode: 'all' } };
    const active = await inject(nftables, requestFor(targetOf(app), own, [targetOf(database, 'db')]));
    // Nobody has said anything yet.
    expect(active.hits()).toBe(1);
    expect(await app.ask('trips', database)).toEqual(['closed']);
    expect(typeof (await client.ask<number[]>('trips', app))[0]).toBe('number');
    await active.undo();
    expect(await app.ask('connect', database)).toBe('connected');
    const all = await inject(nftables, requestFor(targetOf(app), { action, direction: 'both' }));
    expect(all.hits()).toBe(1);
    expect(await client.ask('trips', app)).toEqual(['closed']);
  });

  it('acts only on packets to the peers that the file names', async () => {
    const [app, database, other] = await Promise.all([startPeer(), startPeer(), startPeer()]);
    const fields = {
      action: 'reject',
      reject: { with: 'admin-prohibited' },
      target: { selector: {}, mode: 'all' },
    };
    const byTarget = await inject(nftables, requestFor(targetOf(app), fields, [targetOf(database, 'db')]));
    expect(await app.ask('connect', database)).toBe('EHOSTUNREACH');
    expect(await app.ask('connect', other)).toBe('connected');
    await byTarget.undo();
    const externalTargets = [`localhost:${other.port}`];
    const byAddress = await inject(
      nftables,
      requestFor(targetOf(app), { action: 'reject', externalTargets }),
    );
    expect(await app.ask('connect', other)).toBe('ECONNREFUSED');
    expect(await app.ask('connect', database)).toBe('connected');
    await byAddress.undo();
    const ports = [database.port];
    await inject(nftables, requestFor(targetOf(app), { action: 'reject', ports }));
    expect(await app.ask('connect', database)).toBe('ECONNREFUSED');
    expect(await app.ask('connect', other)).toBe('connected');
  });

  it('follows the ports of a target, and leaves those alone that it has given up', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const active = await inject(nftables, requestFor(targetOf(app), { action: 'blackhole' }));
    const port = await app.ask<number>('listen', app);
    await until(async () => (await client.ask('connect', { host: app.host, port })) === 'timeout', 5000);
    expect(await app.ask('unlisten', { host: app.host, port })).toBe('closed');
    await sleep(1200);
    const next = await startPeer('127.0.0.1', [], port);
    expect(await client.ask('connect', next)).toBe('connected');
    await active.undo();
  });

  it.each([
    [0, 1, 0],
    [30, 0.82, 0.58],
    [100, 0, 0],
  ])('loses %d percent of datagrams', async (loss, most, least) => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const active = await inject(
      nftables,
      requestFor(targetOf(app), { action: 'loss', loss: { loss: String(loss) }, direction: 'from' }),
    );
    const { answered } = await client.ask<{ answered: number }>('datagrams', app, 500);
    expect(answered / 500).toBeLessThanOrEqual(most);
    expect(answered / 500).toBeGreaterThanOrEqual(loss === 0 ? 0.99 : least);
    await active.missing();
    expect(active.hits()).toBe(500 - answered);
  });

  it('reaches children of the target, by faults that overlap and end in any order', async () => {
    const client = await startPeer();
    const app = await startPeer('127.0.0.1', ['sh', '-c', '"$@" & wait', 'sh']);
    const target = targetOf(app);
    const loss = await inject(nftables, requestFor(target, { action: 'loss', loss: { loss: '100' } }));
    const cut = await inject(nftables, requestFor(target, { action: 'partition', direction: 'from' }));
    await loss.undo();
    expect(await loss.verifyUndone()).toMatchObject({ undone: true });
    expect(await cut.missing()).toBeUndefined();
    expect(await client.ask('connect', app)).toBe('timeout');
    await cut.undo();
    expect(await cut.verifyUndone()).toMatchObject({ undone: true });
    expect(await client.ask('connect', app)).toBe('connected');
    expect(ownTables()).toEqual([]);
  });

  it('polices bandwidth where nothing can queue', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const fields = { action: 'bandwidth', bandwidth: { rate: '200kbps', buffer: 70_000 }, direction: 'from' };
    const active = await inject(policing, requestFor(targetOf(app), fields));
    const tookMs = await client.ask<number>('echo', app, 600_000);
    expect(tookMs).toBeGreaterThan(1000);
    await active.missing();
    expect(active.hits()).toBeGreaterThan(0);
  });

  it('says what is not there when its holder is killed, and nothing is left of the rules', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const injection = requestFor(targetOf(app), { action: 'blackhole' });
    const active = await inject(nftables, injection);
    expect(await client.ask('connect', app)).toBe('timeout');
    const holder = injection.steps.find((step) => step.type === 'end-tree')!.process;
    process.kill(holder.pid, 'SIGKILL');
    await sleep(100);
    expect(await client.ask('connect', app)).toBe('connected');
    expect(await active.missing()).toMatch(/is gone/);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
  });

  it('refuses what it cannot do before anything is touched', async () => {
    const app = await startPeer();
    const probe = (fields: Record<string, unknown>, uid = 0) => {
      const { request } = requestFor(targetOf(app), fields);
      return nftables.probe({ ...request, machine: { ...request.machine, uid } });
    };
    expect(await probe({ action: 'delay', delay: { latency: '1s' } })).toMatchObject({ usable: false });
    expect(await probe({ action: 'partition' }, 1000)).toMatchObject({
      usable: false,
      remedy: expect.stringMatching(/root/),
    });
    expect(await probe({ action: 'partition', externalTargets: ['nowhere.invalid'] })).toMatchObject({
      usable: false,
      reason: expect.stringMatching(/nowhere\.invalid cannot be resolved/),
    });
    expect(ownTables()).toEqual([]);
  });
});
