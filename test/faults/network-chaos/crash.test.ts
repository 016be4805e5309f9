import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { undoLease } from '../../../src/faults/leases/undo.ts';
import { describeWith, root } from '../../support/requires.ts';
import {
  bundled,
  journalIn,
  lineOf,
  start,
  temporaryFolder,
  until,
  watchdogEntry,
} from '../leases/support.ts';
import type { NetworkOrder } from './network-program.ts';
import type { Peer } from './requests.ts';
import { startPeer, wire } from './support.ts';

/** The runner from source, because it carries a program beside its code. */
async function injected(peer: Peer, fields: NetworkOrder['fields'], wanted?: string) {
  const state = temporaryFolder();
  const watchdogCommand = await bundled(watchdogEntry);
  const chosen = wanted === undefined ? {} : { driver: wanted };
  const order: NetworkOrder = { state, pid: peer.pid, watchdogCommand, fields, ...chosen };
  const program = 'test/faults/network-chaos/network-program.ts';
  const runner = start([process.execPath, '--import', 'tsx', program, JSON.stringify(order)]);
  const driver = (await lineOf(runner, 'injected ')).split(' ')[1];
  return { state, runner, driver };
}

const groupOf = (peer: Peer) => readFileSync(`/proc/${peer.pid}/cgroup`, 'utf8').match(/^0::.*$/m)![0];

/** What the kernel has of ours where the peer is, by the pid of the runner that made it. */
function kernelHas(peer: Peer, runner: number): string {
  const inside = ['--target', String(peer.pid), '--net', '--'];
  const show = (...command: string[]) =>
    execFileSync('nsenter', [...inside, ...command], { encoding: 'utf8' });
  const tables = show('nft', 'list', 'tables').split('\n');
  const qdiscs = show('tc', 'qdisc', 'show').split('\n');
  return [
    ...tables.filter((line) => line.includes(`firedrill_${runner}_`)),
    ...qdiscs.filter((line) => / fd..: dev/.test(line)),
  ].join('\n');
}

const needs = [root, 'nft', 'tc', 'ip', 'python3', 'unshare', 'nsenter'];

describeWith(needs, 'when Firedrill is killed during a network fault', () => {
  it.each([
    ['nftables', { action: 'partition', direction: 'both' }],
    ['nfqueue', { action: 'delay', delay: { latency: '5s' }, direction: 'both' }],
    ['tbf', { action: 'bandwidth', bandwidth: { rate: '100bps' } }],
  ])('nothing of %s is left', async (name, fields) => {
    const { here, there } = wire();
    const app = await startPeer(here.host, here.prefix);
    const client = await startPeer(there.host, there.prefix);
    const group = groupOf(app);
    const { runner, driver, state } = await injected(app, fields);
    expect(driver).toBe(name);
    expect(groupOf(app)).not.toBe(group);
    if (name !== 'nfqueue') expect(kernelHas(app, runner.id.pid)).not.toBe('');
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => groupOf(app) === group, 8000, 'the return of the target to its control group');
    await until(() => kernelHas(app, runner.id.pid) === '', 5000, 'an end of tables and disciplines');
    expect(await client.ask('connect', app)).toBe('connected');
    const [lease] = (await journalIn(state).list()).leases;
    await until(async () => (await journalIn(state).read(lease!.id))!.state === 'undone', 5000, 'the lease');
  });

  it('nothing is left of a redirecting proxy, and connections come to the target again', async () => {
    const { here, there } = wire();
    const app = await startPeer(here.host, here.prefix);
    const client = await startPeer(there.host, there.prefix);
    const fields = { action: 'delay', delay: { latency: '5s' }, direction: 'both' };
    const { runner, state } = await injected(app, fields, 'redirecting-proxy');
    expect(kernelHas(app, runner.id.pid)).not.toBe('');
    const held = client.ask('trips', app);
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => kernelHas(app, runner.id.pid) === '', 5000, 'an end of the table');
    expect(['closed', 'ECONNRESET']).toContain(await held.then((trips) => [trips].flat()[0]));
    expect((await client.ask<number[]>('trips', app))[0]).toBeLessThan(1000);
    const [lease] = (await journalIn(state).list()).leases;
    await until(async () => (await journalIn(state).read(lease!.id))!.state === 'undone', 5000, 'the lease');
  });

  it('nothing acts when the watchdog is killed as well, and the lease takes back the rest', async () => {
    const { here, there } = wire();
    const app = await startPeer(here.host, here.prefix);
    const client = await startPeer(there.host, there.prefix);
    const group = groupOf(app);
    const { runner, state } = await injected(app, { action: 'bandwidth', bandwidth: { rate: '100bps' } });
    const journal = journalIn(state);
    const [run] = await journal.runs.all();
    process.kill(run!.watchdog!.pid, 'SIGKILL');
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => !kernelHas(app, runner.id.pid).includes('table'), 5000, 'an end of the table');
    expect(kernelHas(app, runner.id.pid)).toContain('fd');
    // The discipline is there, but no packet is led into it.
    expect(await client.ask<number>('echo', app, 100_000)).toBeLessThan(5000);
    const [lease] = (await journal.list()).leases;
    const outcome = await undoLease(lease!, { clock: systemClock, graceMs: 0, boot: systemBoot });
    expect(outcome).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/qdisc fd..: of eth0 is gone/),
    });
    expect(kernelHas(app, runner.id.pid)).toBe('');
    expect(groupOf(app)).toBe(group);
  });
});
