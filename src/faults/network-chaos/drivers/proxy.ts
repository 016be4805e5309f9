// On a proxy target: the proxy itself holds the bytes. Needs no right, and ends with Firedrill.

import { connect } from 'node:net';
import type { ActiveFault, DriverPlan, FaultDriver, FaultRequest } from '../../fault.ts';
import { type HostPort, parseHostPort } from '../../targets/host-port.ts';
import type { ActiveDisturbance, Direction, ProxyTargetHandle } from '../../targets/target.ts';
import { describeOnStreams, disturbancesOf, hitsOf, whyNotOnStreams } from '../on-streams.ts';
import type { NetworkChaosSpec } from '../spec.ts';

type Request = FaultRequest<NetworkChaosSpec>;

export const proxy: FaultDriver<NetworkChaosSpec> = {
  name: 'proxy',
  targets: ['proxy'],
  async probe({ spec, peers }) {
    const { externalTargets, ports, device } = spec;
    const isNarrowed = peers !== undefined || externalTargets.length + ports.length > 0;
    const reason =
      isNarrowed || device !== undefined
        ? 'a proxy has one upstream and no network device, so that nothing can be chosen'
        : whyNotOnStreams(spec);
    if (reason === undefined) return { usable: true };
    return { usable: false, reason, remedy: 'name the process behind the proxy as the target' };
  },
  plan: planOf,
  undoSteps: async (request) => [{ type: 'ends-with-owner', what: `proxy at ${proxyOf(request).address}` }],
  async inject(request) {
    const target = proxyOf(request);
    const active: ActiveDisturbance[] = [];
    for (const each of disturbancesOf(request.spec, request.spec.direction))
      active.push(await target.disturb(each));
    return activeFault(target, active);
  },
};

const sides: Record<Direction, string> = { to: 'requests', from: 'answers', both: 'requests and answers' };

function planOf(request: Request): DriverPlan {
  const { spec, durationMs } = request;
  return {
    ...describeOnStreams(disturbancesOf(spec, spec.direction), sides, durationMs),
    how: `in the proxy at ${proxyOf(request).address}`,
    undo: 'the proxy passes on at once, in order, whatever it held',
    survivesCrash: 'nothing: the proxy ends with Firedrill, and its connections with it',
  };
}

function activeFault(target: ProxyTargetHandle, disturbances: readonly ActiveDisturbance[]): ActiveFault {
  const left = { undone: false, left: [`the proxy at ${target.address}`] } as const;
  const hits = () => hitsOf(disturbances);
  return {
    hits,
    // A connection of our own would be a hit in a partition, so none is made while the fault is on.
    missing: async () =>
      disturbances.every((each) => each.inPlace())
        ? undefined
        : `the proxy at ${target.address} does not disturb anything`,
    async undo() {
      for (const each of disturbances) await each.remove();
    },
    async verifyUndone() {
      if (disturbances.some((each) => each.inPlace())) return left;
      const before = hits();
      const open = await accepts(target);
      if (hits() > before) return left;
      const evidence = open
        ? `a new connection to ${target.address} passes without being counted`
        : `nobody listens on ${target.address} any more`;
      return { undone: true, evidence };
    },
  };
}

const connectTimeoutMs = 2000;

/** Whether a connection to the proxy comes to be; it says nothing and is closed. */
function accepts(target: ProxyTargetHandle): Promise<boolean> {
  const { host, port }: HostPort = parseHostPort(target.address);
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs });
    const finish = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => finish(true));
    socket.once('timeout', () => finish(false));
    socket.once('error', () => finish(false));
  });
}

function proxyOf({ name, target }: Request): ProxyTargetHandle {
  if (target.type !== 'proxy') throw new Error(`${name}: the target is not a proxy`);
  return target;
}
