import { expect, it } from 'vitest';
import { nfqueue } from '../../../src/faults/network-chaos/drivers/nfqueue.ts';
import { describeWith, root } from '../../support/requires.ts';
import { until } from '../leases/support.ts';
import { connected, inject, requestFor, roundTrip, startPeer, targetOf } from './support.ts';

describeWith([root, 'nft', 'python3', 'unshare'], 'the packet queue', () => {
  it.each([1, 10, 100, 1000])('delays by %d ms, on open and on new connections', async (latencyMs) => {
    const peer = await startPeer();
    const open = await connected(peer);
    const before = (await roundTrip(open))!;
    const fields = { action: 'delay', delay: { latency: `${latencyMs}ms` }, direction: 'to' };
    const active = await inject(nfqueue, requestFor(targetOf(peer), fields));
    expect(await active.missing()).toBeUndefined();
    const during = await roundTrip(open, 5000);
    const fresh = await roundTrip(await connected(peer), 5000);
    console.log(before, during, fresh);
    await until(() => active.hits()! > 2, 3000);
    await active.undo();
    console.log(await active.verifyUndone(), await roundTrip(open));
  });
});
