// A program of ours holds packets one by one, where the kernel has no netem: it delays, drops, damages, doubles and
// reorders them, or lets them out at a rate. The packets come to it by a mark that the packet filter gives them.

import type { ActiveFault, DriverPlan, ExtendLease, FaultDriver } from '../../fault.ts';
import { describeFault } from '../describe.ts';
import { sparedOnHost } from '../on-host.ts';
import { type Actions, type NetworkRequest, placeOfTarget, TargetPackets } from '../packets.ts';
import { type LineSpeed, type QueueOrder, QueueProgram } from '../queue-program.ts';
import { knock, notForThis, unusable, whyNotFound } from '../reach.ts';
import { waysOf } from '../selection.ts';
import type { Bandwidth, NetworkChaosSpec } from '../spec.ts';

let trial: Promise<string | undefined> | undefined;

export const nfqueue: FaultDriver<NetworkChaosSpec> = {
  name: 'nfqueue',
  targets: ['process', 'container', 'host'],
  async probe(request) {
    const effects = effectsOf(request.spec);
    if (!effects) return notForThis('it holds and drops packets, but answers none', 'see the others');
    if (effects.duplicate && request.spec.direction !== 'to')
      return unusable('it can double only what the target sends', 'write direction: to');
    const missing = await whyNotFound(request);
    if (missing) return missing;
    trial ??= QueueProgram.whyNot();
    const reason = await trial;
    if (reason === undefined) return { usable: true };
    return unusable(
      `no packet queue (${reason})`,
      'install python3, on a kernel with NFQUEUE (nfnetlink_queue and nft_queue or xt_NFQUEUE)',
    );
  },
  plan,
  undoSteps: async () => [],
  inject,
};

function plan({ spec, durationMs, target }: NetworkRequest): DriverPlan {
  const isHost = target.type === 'host';
  return {
    what: describeFault(spec, durationMs),
    how: `packet by packet in a program of ours (NFQUEUE), to which an nftables table leads ${isHost ? `them; ${sparedOnHost()}` : 'the packets of the target'}`,
    undo: `no packet is led there any more${isHost ? ', and' : ','} what it holds goes on${isHost ? '' : ', and the processes go back to their control group'}`,
    survivesCrash: isHost
      ? 'nothing: program and tables end with Firedrill'
      : 'nothing that acts: program and tables end with Firedrill. The control group stays until `firedrill undo`',
    hits: 'packets affected',
  };
}

async function inject(
  request: NetworkRequest,
  _prepared: unknown,
  extend: ExtendLease,
): Promise<ActiveFault> {
  const { spec, random } = request;
  const order: QueueOrder = {
    seed: Math.floor(random() * 2 ** 31),
    directions: waysOf[spec.direction],
    effects: effectsOf(spec) ?? {},
  };
  // Beside each other: the filter waits only for the mark.
  const starting = QueueProgram.start(await placeOfTarget(request), order, extend);
  const opening = TargetPackets.open(request, starting.then(marking), extend);
  const [queue, packets] = await Promise.allSettled([starting, opening]);
  if (queue.status === 'rejected') throw queue.reason;
  if (packets.status === 'fulfilled') return activeFault(request, queue.value, packets.value);
  await queue.value.close();
  throw packets.reason;
}

function marking({ marks: { mark, double } }: QueueProgram): Actions {
  const statements = [`meta mark & ${double} != 0 accept`, `meta mark set meta mark | ${mark}`];
  return { out: statements, in: statements };
}

function activeFault(request: NetworkRequest, queue: QueueProgram, packets: TargetPackets): ActiveFault {
  return {
    hits: () => queue.hits,
    missing: async () => (queue.ended ? 'the packet queue has ended' : await packets.missing()),
    async undo() {
      await packets.close();
      await queue.close();
    },
    async verifyUndone() {
      const left = [
        ...(await packets.left()),
        ...(queue.ended ? [] : [`the packet queue: kill ${queue.pid}`]),
      ];
      if (left.length > 0) return { undone: false, left };
      const knocked = await knock(request);
      const evidence = [`${packets.where} and the packet queue are gone`, ...(knocked ? [knocked] : [])];
      return { undone: true, evidence: evidence.join('; ') };
    },
  };
}

/** Undefined when the action is none for a queue. */
function effectsOf(spec: NetworkChaosSpec): QueueOrder['effects'] | undefined {
  if (spec.action === 'bandwidth') return { line: bucketOf(spec.bandwidth) };
  if (!('impairment' in spec)) return undefined;
  const { bytesPerSecond, ...effects } = spec.impairment;
  if (bytesPerSecond === undefined) return effects;
  return { ...effects, line: { bytesPerSecond, burstBytes: 0, limitBytes: 0 } };
}

/** What may wait and what may pass at once when the file does not say. */
const waitingMs = 250;
const waitingBytesMin = 65_536;
const burstMs = 10;

function bucketOf({ bytesPerSecond, limitBytes, burstBytes, peak }: Bandwidth): LineSpeed {
  return {
    bytesPerSecond,
    burstBytes: burstBytes ?? Math.round((bytesPerSecond * burstMs) / 1000),
    limitBytes: limitBytes ?? Math.max(waitingBytesMin, Math.round((bytesPerSecond * waitingMs) / 1000)),
    peak,
  };
}
