import { expect, it } from 'vitest';
import { nfqueue } from '../../../src/faults/network-chaos/drivers/nfqueue.ts';
import { describeWith, root } from '../../support/requires.ts';
import { sleep, until } from '../leases/support.ts';
import { requestFor, targetOf } from './requests.ts';
import { inject, startPeer, wire } from './support.ts';

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;

describeWith([root, 'nft', 'python3', 'unshare', 'ip'], 'the packet queue', () => {
  it.each([1, 10, 100, 1000])('delays by %d ms, and is gone at once', async (latencyMs) => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    await client.ask('keep', app);
    const trips = () => client.ask<number[]>('trips', app, latencyMs < 1000 ? 9 : 1);
    const before = median(await trips());
    const fields = { action: 'delay', delay: { latency: `${latencyMs}ms` } };
    const active = await inject(nfqueue, requestFor(targetOf(app), fields));
    expect(await active.missing()).toBeUndefined();
    const during = median(await trips());
    expect(during).toBeGreaterThan(latencyMs);
    // A busy machine adds to it, as it does without a delay.
    expect(during).toBeLessThan(latencyMs * 1.05 + before + 200);
    await until(() => active.hits()! > 0, 3000, 'a hit');
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/are gone; a new connection/),
    });
    expect(Math.min(...(await trips()))).toBeLessThan(Math.max(1, latencyMs));
  });

  it('draws the jitter around the latency', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const fields = { action: 'delay', delay: { latency: '60ms', jitter: '40ms' }, direction: 'from' };
    await inject(nfqueue, requestFor(targetOf(app), fields));
    await client.ask('keep', app);
    const times = await client.ask<number[]>('trips', app, 30);
    expect(Math.min(...times)).toBeGreaterThan(20);
    expect(Math.min(...times)).toBeLessThan(60);
    expect(Math.max(...times)).toBeGreaterThan(60);
  });

  it.each([
    [0, 0.99, 1],
    [30, 0.58, 0.82],
    [100, 0, 0],
  ])('loses %d percent of datagrams without a word to who sends them', async (percent, least, most) => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const fields = { action: 'netem', loss: { loss: String(percent) }, delay: { latency: '1ms' } };
    const active = await inject(nfqueue, requestFor(targetOf(app), fields));
    const { answered } = await client.ask<{ answered: number }>('datagrams', app, 500);
    expect(answered / 500).toBeGreaterThanOrEqual(least);
    expect(answered / 500).toBeLessThanOrEqual(most);
    await until(() => active.hits()! === 500, 3000, '500 packets affected');
  });

  it.each([
    ['10kbps', 30_000],
    ['1mbps', 2_000_000],
  ])('limits a line to %s', async (rate, bytes) => {
    const { here, there } = wire();
    const app = await startPeer(here.host, here.prefix);
    const client = await startPeer(there.host, there.prefix);
    const fields = { action: 'bandwidth', bandwidth: { rate, buffer: 2000 }, direction: 'both' };
    await inject(nfqueue, requestFor(targetOf(app), fields));
    const tookMs = await client.ask<number>('echo', app, bytes);
    // Both ways at the same time, and the headers of packets need their share.
    const ideal = (bytes / (rate === '10kbps' ? 10_000 : 1_000_000)) * 1000;
    expect(tookMs).toBeGreaterThan(ideal * 0.9);
    expect(tookMs).toBeLessThan(ideal * 1.6 + 500);
  });

  it('damages packets so that they are sent again, and doubles others', async () => {
    const { here, there } = wire();
    const app = await startPeer(here.host, here.prefix);
    const client = await startPeer(there.host, there.prefix);
    const damaging = await inject(
      nfqueue,
      requestFor(targetOf(app), { action: 'corrupt', corrupt: { corrupt: '100' } }),
    );
    expect(await client.ask('datagrams', app, 20)).toEqual({ answered: 0, answers: 0 });
    await damaging.undo();
    const doubling = await inject(
      nfqueue,
      requestFor(targetOf(app), { action: 'duplicate', duplicate: { duplicate: '100' } }),
    );
    expect(await client.ask('datagrams', app, 20)).toEqual({ answered: 20, answers: 40 });
    expect(typeof (await client.ask<number[]>('trips', app))[0]).toBe('number');
    await doubling.undo();
    expect(await client.ask('datagrams', app, 20)).toEqual({ answered: 20, answers: 20 });
  });

  it('holds each of two delays that overlap, which end in any order', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const target = targetOf(app);
    await client.ask('keep', app);
    const first = await inject(nfqueue, requestFor(target, { action: 'delay', delay: { latency: '200ms' } }));
    const second = await inject(
      nfqueue,
      requestFor(target, { action: 'delay', delay: { latency: '300ms' } }),
    );
    expect((await client.ask<number[]>('trips', app))[0]).toBeGreaterThan(500);
    await first.undo();
    expect((await client.ask<number[]>('trips', app))[0]).toBeGreaterThan(300);
    await second.undo();
    expect((await client.ask<number[]>('trips', app))[0]).toBeLessThan(300);
    for (const fault of [first, second]) expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('lets everything through when its program is killed', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    const injection = requestFor(targetOf(app), { action: 'delay', delay: { latency: '2500ms' } });
    const active = await inject(nfqueue, injection);
    const [program] = injection.steps.flatMap((step) => (step.type === 'end-tree' ? [step.process] : []));
    process.kill(program!.pid, 'SIGKILL');
    await sleep(100);
    expect((await client.ask<number[]>('trips', app))[0]).toBeLessThan(2000);
    expect(await active.missing()).toMatch(/has ended/);
    await active.undo();
    expect(await active.verifyUndone()).toMatchObject({ undone: true });
  });

  it('lets go of what it holds at the undo', async () => {
    const [app, client] = await Promise.all([startPeer(), startPeer()]);
    await client.ask('keep', app);
    const fields = { action: 'delay', delay: { latency: '1h' }, direction: 'both' };
    const active = await inject(nfqueue, requestFor(targetOf(app), fields));
    const trip = client.ask<(number | string)[]>('trips', app);
    await until(() => active.hits()! > 0, 3000, 'a hit');
    await active.undo();
    expect(typeof (await trip)[0]).toBe('number');
  });

  it('says what it cannot do', async () => {
    const app = await startPeer();
    const { request } = requestFor(targetOf(app), {
      action: 'duplicate',
      duplicate: { duplicate: '5' },
      direction: 'both',
    });
    expect(await nfqueue.probe(request)).toMatchObject({ usable: false, remedy: 'write direction: to' });
    expect(await nfqueue.probe(requestFor(targetOf(app), { action: 'partition' }).request)).toMatchObject({
      usable: false,
    });
  });
});
