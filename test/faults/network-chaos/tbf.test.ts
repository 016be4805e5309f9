import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { deleteQdisc } from '../../../src/faults/leases/steps/delete-qdisc.ts';
import { tbf } from '../../../src/faults/network-chaos/drivers/shaper.ts';
import { describeWith, root } from '../../support/requires.ts';
import { requestFor, targetOf } from './requests.ts';
import { inject, startPeer, wire } from './support.ts';

const bandwidth = (rate: string) => ({ action: 'bandwidth', bandwidth: { rate } });

describeWith([root, 'nft', 'tc', 'ip', 'unshare'], 'tc tbf', () => {
  it.each([
    ['10kbps', 30_000, 10_000],
    ['1mbps', 2_000_000, 1_000_000],
  ])('limits what one process sends to %s, and nobody else', async (rate, bytes, bytesPerSecond) => {
    const { here, there } = wire();
    const app = await startPeer(here.host, here.prefix);
    const neighbour = await startPeer(here.host, here.prefix);
    const client = await startPeer(there.host, there.prefix);
    const injection = requestFor(targetOf(app), bandwidth(rate));
    const active = await inject(tbf, injection);
    expect(await active.missing()).toBeUndefined();
    expect(injection.steps.map(({ type }) => type)).toContain('delete-qdisc');
    const ideal = (bytes / bytesPerSecond) * 1000;
    const [tookMs, besideMs] = await Promise.all([
      client.ask<number>('echo', app, bytes),
      client.ask<number>('echo', neighbour, bytes),
    ]);
    expect(tookMs).toBeGreaterThan(ideal * 0.7);
    expect(tookMs).toBeLessThan(ideal * 1.6 + 500);
    expect(besideMs).toBeLessThan(ideal * 0.7);
    expect(active.hits()).toBeGreaterThan(0);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
    expect(await client.ask<number>('echo', app, bytes)).toBeLessThan(ideal * 0.7);
  });

  it('leaves the device alone that somebody else has shaped, and one that is not there', async () => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    const tc = [...here.prefix, 'tc', 'qdisc'];
    execFileSync(tc[0]!, [...tc.slice(1), 'add', 'dev', 'eth0', 'root', 'handle', '7:', 'htb']);
    const { request, extend } = requestFor(targetOf(app), bandwidth('1mbps'));
    await expect(tbf.inject(request, undefined, extend)).rejects.toMatchObject({
      message: /eth0.*7:.*somebody/,
    });
    const shown = execFileSync(tc[0]!, [...tc.slice(1), 'show'], { encoding: 'utf8' });
    expect(shown).toContain('qdisc htb 7: dev eth0 root');
    expect(shown).not.toContain('fd');
    const elsewhere = requestFor(targetOf(app), { ...bandwidth('1mbps'), device: 'eth7' });
    await expect(tbf.inject(elsewhere.request, undefined, extend)).rejects.toMatchObject({ message: /eth7/ });
  });

  it('is found and removed by its step when everybody was killed', async () => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    const injection = requestFor(targetOf(app), bandwidth('1mbps'));
    await inject(tbf, injection);
    const steps = injection.steps.filter((step) => step.type === 'delete-qdisc');
    expect(steps.length).toBe(2);
    for (const step of steps)
      expect(await deleteQdisc(step)).toMatchObject({
        done: true,
        evidence: expect.stringMatching(/is gone/),
      });
    expect(await deleteQdisc(steps[0]!)).toMatchObject({ done: true });
    expect(await deleteQdisc({ type: 'delete-qdisc', device: 'lo', handle: '7:' })).toMatchObject({
      done: false,
      left: expect.stringMatching(/not ours/),
    });
    expect(await deleteQdisc({ type: 'delete-qdisc', device: 'nowhere0', handle: 'fd01:' })).toMatchObject({
      done: true,
    });
  });

  it('refuses the devices of the whole machine, and what is received', async () => {
    const app = await startPeer();
    expect(await tbf.probe(requestFor(targetOf(app), bandwidth('1mbps')).request)).toMatchObject({
      usable: false,
      remedy: expect.stringMatching(/device/),
    });
    const received = requestFor(targetOf(app), { ...bandwidth('1mbps'), direction: 'from' });
    expect(await tbf.probe(received.request)).toMatchObject({ usable: false });
  });
});
