import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { UserError } from '../../../src/base/diagnostics.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { Experiment, FaultSpec } from '../../../src/experiment/model.ts';
import { planFaults } from '../../../src/experiment/plan/faults.ts';
import { createFaultKinds } from '../../../src/faults/kinds.ts';
import { networkChaosSchema } from '../../../src/faults/network-chaos/spec.ts';
import { targetOf } from '../../faults/network-chaos/requests.ts';
import { startPeer, wire } from '../../faults/network-chaos/support.ts';
import { describeWith, root } from '../../support/requires.ts';

type Peer = Awaited<ReturnType<typeof startPeer>>;

/** Plans NetworkChaos with each of these fields on one process. */
const plan = (peer: Peer, ...specs: Record<string, unknown>[]) => planAs(0, peer, ...specs);

async function planAs(uid: number, peer: Peer, ...specs: Record<string, unknown>[]) {
  const faults = specs.map(
    (fields, index): FaultSpec => ({
      ...{ name: `fault-${index}`, kind: 'NetworkChaos', targets: ['app'], mode: 'all', value: undefined },
      ...{ durationMs: 1000, oneShot: false, effect: { min: 1, promql: undefined } },
      spec: { ...networkChaosSchema.parse(fields) },
    }),
  );
  const spec = {
    name: 'app',
    namespace: 'default',
    labels: {},
    kind: { type: 'pid', pid: peer.pid },
  } as const;
  const experiment = { faults, folder: '/', limits: { share: 1 } } as unknown as Experiment;
  const machine = { uid, canMount: true, canUserNamespace: true, stressNg: undefined };
  return await planFaults(experiment, new Map([['app', [{ spec, handle: targetOf(peer) }]]]), {
    ...{ kinds: createFaultKinds([]), machine, clock: systemClock, random: seededRandom(1) },
    ...{ scratchFolder: '/nowhere', allowed: new Set<string>() },
  });
}

const refusal = (planned: Promise<unknown>) =>
  planned.then(
    () => undefined,
    (error) => (error instanceof UserError ? `${error.diagnostics[0]!.code} ${error.message}` : error),
  );

const bandwidth = { action: 'bandwidth', bandwidth: { rate: '1mbps' } };

describeWith([root, 'nft', 'tc', 'ip', 'unshare', 'nsenter', 'python3'], 'the plan of network faults', () => {
  it('refuses a second one that would shape the same device, and touches nothing', async () => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    const show = () =>
      execFileSync(here.prefix[0]!, [...here.prefix.slice(1), 'tc', 'qdisc', 'show'], { encoding: 'utf8' });
    const before = show();
    expect(await refusal(plan(app, bandwidth, bandwidth))).toMatch(
      /^FD663 fault-1 and fault-0 would both take the queueing discipline of (lo|eth0)/,
    );
    const [other, own] = [
      { ...bandwidth, device: 'lo' },
      { ...bandwidth, device: 'eth0' },
    ];
    expect(await refusal(plan(app, other, own))).toBeUndefined();
    expect(show()).toBe(before);
  });

  it('takes another driver where somebody has shaped the device, and says so', async () => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    const tc = [...here.prefix.slice(1), 'tc', 'qdisc', 'add', 'dev', 'eth0', 'root', 'handle', '7:', 'htb'];
    execFileSync(here.prefix[0]!, tc);
    const [planned] = await plan(app, { ...bandwidth, device: 'eth0' });
    expect(planned!.injections[0]!.driver.name).not.toBe('tbf');
    expect(planned!.injections[0]!.passedOver).toContainEqual(
      expect.objectContaining({ driver: 'tbf', reason: expect.stringMatching(/eth0 has .* 7: of somebody/) }),
    );
  });

  it('says what the kernel lacks, and takes the next driver', async () => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    const [planned] = await plan(app, { action: 'delay', delay: { latency: '1s' } });
    const { driver, passedOver } = planned!.injections[0]!;
    if (driver.name !== 'netem')
      expect(passedOver).toContainEqual({
        driver: 'netem',
        reason: expect.stringMatching(/^no netem here \(.+\)$/),
        remedy: expect.stringMatching(/sch_netem/),
      });
  });

  it('says what would let it work without rights', async () => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    expect(await refusal(planAs(1000, app, { action: 'partition' }))).toMatch(
      /^FD600 .*nftables: the packet filter is for root; run as root .* or put a proxy target before it/s,
    );
  });

  it.each([
    [
      'a device that is not there',
      { ...bandwidth, device: 'eth7' },
      /^FD600 .*no network device eth7; name one of .*eth0/s,
    ],
    [
      'a name that nobody knows',
      { action: 'partition', externalTargets: ['no.invalid'] },
      /^FD600 .*no\.invalid cannot be resolved/s,
    ],
    [
      'targets that no selector matches',
      { action: 'partition', target: { selector: { labelSelectors: { app: 'db' } }, mode: 'all' } },
      /^FD110 fault-0: the selector of its target matches none/,
    ],
  ])('refuses %s', async (_what, fields, message) => {
    const { here } = wire();
    const app = await startPeer(here.host, here.prefix);
    expect(await refusal(plan(app, fields))).toMatch(message);
  });
});
