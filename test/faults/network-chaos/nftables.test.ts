import { expect, it } from 'vitest';
import { nftables } from '../../../src/faults/network-chaos/drivers/nftables.ts';
import { describeWith, root } from '../../support/requires.ts';
import { until } from '../leases/support.ts';
import { attempt, connected, inject, requestFor, roundTrip, startPeer, targetOf } from './support.ts';

describeWith([root, 'nft', 'unshare'], 'nftables', () => {
  it('cuts open and new connections, and mends them', async () => {
    const peer = await startPeer();
    const socket = await connected(peer);
    const injection = requestFor(targetOf(peer), { action: 'partition', direction: 'both' });
    const active = await inject(nftables, injection);
    expect(await active.missing()).toBeUndefined();
    expect(await roundTrip(socket, 300)).toBeUndefined();
    expect(await attempt(peer, 300)).toBe('timeout');
    await until(() => (active.hits() ?? 0) > 1, 3000);
    await active.undo();
    console.log(await active.verifyUndone(), injection.steps);
    expect(await attempt(peer)).toBe('connected');
  });
});
