import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { redirect } from '../../../src/faults/network-chaos/drivers/redirect.ts';
import { describeWith, root } from '../../support/requires.ts';
import { sleep, until } from '../leases/support.ts';
import { type Peer, requestFor, targetOf } from './requests.ts';
import { inject, startPeer, wire } from './support.ts';

const delay = { action: 'delay', delay: { latency: '150ms' } };

async function start() {
  const { here, there } = wire();
  const [app, neighbour, client] = await Promise.all([
    startPeer(here.host, here.prefix),
    startPeer(here.host, here.prefix),
    startPeer(there.host, there.prefix),
  ]);
  return { app, neighbour, client };
}

const trip = async (client: Peer, app: Peer) => (await client.ask<(number | string)[]>('trips', app))[0];

/** The types of the steps; a lease holds each once. */
const distinct = (steps: readonly UndoStep[]) => [
  ...new Map(steps.map((step) => [JSON.stringify(step), step.type])).values(),
];

const tables = (peer: Peer) =>
  execFileSync('nsenter', ['--target', String(peer.pid), '--net', '--', 'nft', 'list', 'tables'], {
    encoding: 'utf8',
  }).trim();

describeWith([root, 'nft', 'ss', 'ip', 'unshare', 'nsenter'], 'a redirecting proxy', () => {
  it.each([
    ['to', 150],
    ['both', 300],
  ])('delays what passes, %s the target, and nobody else', async (direction, latencyMs) => {
    const { app, neighbour, client } = await start();
    await client.ask('keep', app);
    const injection = requestFor(targetOf(app), { ...delay, direction });
    const active = await inject(redirect, injection);
    expect(distinct(injection.steps)).toEqual(['end-tree', 'end-tree']);
    expect(await active.missing()).toBeUndefined();
    // What was open goes past the proxy, and is ended for that.
    expect(await trip(client, app)).toBe('closed');
    const [other] = await Promise.all([
      startPeer(client.host, ['nsenter', '--target', String(client.pid), '--net', '--']),
    ]);
    expect(await trip(other, app)).toBeGreaterThanOrEqual(latencyMs - 2);
    expect(await trip(app, app)).toBeGreaterThanOrEqual(latencyMs - 2);
    expect(await trip(other, neighbour)).toBeLessThan(latencyMs - 20);
    expect(active.hits()).toBe(direction === 'both' ? 4 : 2);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/is gone, and a new connection to port \d+ reaches the target/),
    });
    expect(await trip(other, app)).toBeLessThan(latencyMs - 20);
    expect(tables(app)).toBe('');
  });

  it('reaches who listens by IPv6 only', async () => {
    const { here } = wire();
    const [app, client] = await Promise.all([startPeer('::1', here.prefix), startPeer('::1', here.prefix)]);
    const active = await inject(redirect, requestFor(targetOf(app), delay));
    expect(await trip(client, app)).toBeGreaterThanOrEqual(148);
    expect(active.hits()).toBe(1);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
    expect(await trip(client, app)).toBeLessThan(130);
  });

  it.each(['reset', 'reject'])('breaks open and new connections with %s', async (action) => {
    const { app, client } = await start();
    await client.ask('keep', app);
    const active = await inject(redirect, requestFor(targetOf(app), { action }));
    expect(await trip(client, app)).toBe('closed');
    const again = await startPeer(client.host, ['nsenter', '--target', String(client.pid), '--net', '--']);
    await again.ask('trips', app);
    expect(active.hits()).toBeGreaterThan(0);
    await active.undo();
    expect(typeof (await trip(again, app))).toBe('number');
  });

  it('holds connections back in a partition, and lets them go on', async () => {
    const { app, client } = await start();
    const active = await inject(
      redirect,
      requestFor(targetOf(app), { action: 'partition', direction: 'both' }),
    );
    let answered = false;
    const answer = trip(client, app).then((time) => {
      answered = true;
      return time;
    });
    await until(() => active.hits()! > 0, 5000, 'a hit');
    await sleep(200);
    expect(answered).toBe(false);
    await active.undo();
    expect(typeof (await answer)).toBe('number');
  });

  it('is shared by faults on one target, which end in any order', async () => {
    const { app, client } = await start();
    const target = targetOf(app);
    const first = await inject(redirect, requestFor(target, delay));
    const slow = requestFor(target, { action: 'bandwidth', bandwidth: { rate: '100kbps' } });
    const second = await inject(redirect, slow);
    // Each lease knows whose end is the end of the redirect.
    expect(distinct(slow.steps)).toEqual(['end-tree', 'end-tree']);
    await first.undo();
    expect(await first.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/other/),
    });
    expect(await second.missing()).toBeUndefined();
    expect(await client.ask<number>('echo', app, 50_000)).toBeGreaterThan(400);
    expect(second.hits()).toBe(50_000);
    await second.undo();
    expect(await second.verifyUndone()).toMatchObject({ undone: true });
    expect(tables(app)).toBe('');
  });

  it('refuses what it cannot do before anything is touched', async () => {
    const { app } = await start();
    const reason = async (fields: Record<string, unknown>, uid = 0) => {
      const { request } = requestFor(targetOf(app), fields);
      const usability = await redirect.probe({ ...request, machine: { ...request.machine, uid } });
      return usability.usable ? undefined : usability.reason;
    };
    expect(await reason(delay)).toBeUndefined();
    expect(await reason(delay, 1000)).toMatch(/root/);
    expect(await reason({ ...delay, ports: [1] })).toMatch(/no TCP port of 1/);
    expect(await reason({ ...delay, externalTargets: ['192.0.2.2'] })).toMatch(/whoever comes/);
    expect(await reason({ action: 'corrupt', corrupt: { corrupt: '5' } })).toMatch(/no corrupt/);
    expect(tables(app)).toBe('');
  });
});
