// The packet filter itself drops and refuses packets. Its table ends with its holder, whatever becomes of Firedrill.

import type { ActiveFault, DriverPlan, ExtendLease, FaultDriver, Usability } from '../../fault.ts';
import { describeFault } from '../describe.ts';
import { sparedOnHost } from '../on-host.ts';
import { endOpenConnections } from '../open-connections.ts';
import { type Actions, hitComment, type NetworkRequest, TargetPackets } from '../packets.ts';
import { knock, notForThis, trialTable, tryRules, unusable, whyNotFound } from '../reach.ts';
import type { NetworkChaosSpec } from '../spec.ts';

export const nftables: FaultDriver<NetworkChaosSpec> = driver(
  'nftables',
  (spec) => refusals(spec),
  'it drops and refuses packets, but holds none back and changes none',
);

/** Where nothing can queue: what is too fast is dropped, and TCP slows down by itself. */
export const policing: FaultDriver<NetworkChaosSpec> = driver(
  'nftables-policing',
  (spec) => (spec.action === 'bandwidth' ? [policed(spec.bandwidth)] : undefined),
  'it only limits bandwidth',
);

function driver(
  name: string,
  statementsFor: (spec: NetworkChaosSpec) => readonly string[] | undefined,
  limits: string,
): FaultDriver<NetworkChaosSpec> {
  return {
    name,
    targets: ['process', 'container', 'host'],
    async probe(request): Promise<Usability> {
      const statements = statementsFor(request.spec);
      if (!statements) return notForThis(limits, 'see the others');
      const missing = await whyNotFound(request);
      if (missing) return missing;
      const trial = [
        `chain inet ${trialTable} act`,
        ...statements.map((each) => `rule inet ${trialTable} act ${each}`),
      ];
      const hooked = `chain inet ${trialTable} out { type filter hook output priority 0; }`;
      const reason = await tryRules([...trial, hooked, `rule inet ${trialTable} out jump act`]);
      if (reason === undefined) return { usable: true };
      return unusable(
        `nftables here does not know it: ${reason}`,
        'a kernel with these expressions of nftables',
      );
    },
    plan: (request) => planOf(request),
    undoSteps: async () => [],
    async inject(request, _prepared, extend) {
      const statements = statementsFor(request.spec) ?? [];
      return await filter(request, { out: statements, in: statements }, extend);
    },
  };
}

function planOf({ spec, durationMs, target }: NetworkRequest): DriverPlan {
  const isHost = target.type === 'host';
  return {
    what: describeFault(spec, durationMs),
    how: isHost
      ? `in an nftables table, whoever the packets belong to; ${sparedOnHost()}`
      : `in an nftables table; its packets are known by a control group of ours, its ports and its connections${
          refuses(spec) ? '; connections that are open are ended at once where ss can (ss -K)' : ''
        }`,
    undo: isHost
      ? 'the table is removed'
      : 'the table is removed, and the processes go back to their control group',
    survivesCrash: isHost
      ? 'nothing: the table ends with its holder'
      : 'nothing that acts: the table ends with its holder. The control group stays, empty of meaning, until `firedrill undo`',
    hits: refuses(spec) ? 'packets refused and connections ended' : 'packets dropped',
  };
}

function refuses({ action }: NetworkChaosSpec): boolean {
  return action === 'reset' || action === 'reject';
}

async function filter(request: NetworkRequest, actions: Actions, extend: ExtendLease): Promise<ActiveFault> {
  const packets = await TargetPackets.open(request, actions, extend);
  // After the rules, so that nobody comes back in between.
  const ended = refuses(request.spec) ? await endOpenConnections(request).catch(() => 0) : 0;
  return {
    hits: () => packets.hits + ended,
    missing: () => packets.missing(),
    undo: () => packets.close(),
    async verifyUndone() {
      const left = await packets.left();
      if (left.length > 0) return { undone: false, left };
      const request_ = await knock(request);
      return {
        undone: true,
        evidence: [`${packets.where} is gone`, ...(request_ ? [request_] : [])].join('; '),
      };
    },
  };
}

/** Parts of a million: the finest share that a file can ask for is rounded to it. */
const parts = 1_000_000;

/** Undefined when the filter cannot do it. */
function refusals(spec: NetworkChaosSpec): string[] | undefined {
  const hit = (action: string) => `counter ${action} comment "${hitComment}"`;
  switch (spec.action) {
    case 'partition':
    case 'blackhole':
      return [hit('drop')];
    // A reset must get through itself, that of a connection that we end too, and no error is answered with an error.
    case 'reset':
      return [`meta l4proto tcp tcp flags & rst != rst ${hit('reject with tcp reset')}`];
    case 'reject':
      return [
        'tcp flags & rst == rst accept',
        `meta l4proto != { icmp, ipv6-icmp } ${hit(`reject with icmpx type ${spec.answer}`)}`,
      ];
    case 'loss':
    case 'netem': {
      const { loss, ...others } = spec.impairment;
      if (!loss || loss.correlation > 0 || Object.keys(others).length > 0) return undefined;
      if (loss.percent === 100) return [hit('drop')];
      const share = Math.round((loss.percent / 100) * parts);
      return share === 0 ? [] : [`numgen random mod ${parts} < ${share} ${hit('drop')}`];
    }
    default:
      return undefined;
  }
}

/** A tenth of a second, or at least what a device hands over at once. */
const burstBytesMin = 65_536;

function policed({
  bytesPerSecond,
  burstBytes,
}: {
  bytesPerSecond: number;
  burstBytes: number | undefined;
}): string {
  const rate = Math.max(1, Math.round(bytesPerSecond));
  const burst = Math.max(burstBytes ?? Math.round(rate / 10), burstBytesMin);
  return `limit rate over ${rate} bytes/second burst ${burst} bytes counter drop comment "${hitComment}"`;
}
