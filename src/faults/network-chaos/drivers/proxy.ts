// On a proxy target: the proxy itself holds the bytes. Needs no right, and ends with Firedrill.

import { connect } from 'node:net';
import { humanDuration } from '../../../base/duration.ts';
import type { ActiveFault, DriverPlan, FaultDriver, FaultRequest } from '../../fault.ts';
import { type HostPort, parseHostPort } from '../../targets/host-port.ts';
import type { ActiveDisturbance, Direction, Disturbance, ProxyTargetHandle } from '../../targets/target.ts';
import { formatRate } from '../rate.ts';
import type { NetworkChaosSpec } from '../spec.ts';

type Request = FaultRequest<NetworkChaosSpec>;

export const proxy: FaultDriver<NetworkChaosSpec> = {
  name: 'proxy',
  targets: ['proxy'],
  async probe({ spec, peers }) {
    const reason = whyNotByProxy(spec, peers !== undefined);
    if (reason === undefined) return { usable: true };
    return { usable: false, reason, remedy: 'name the process behind the proxy as the target' };
  },
  plan: planOf,
  undoSteps: async (request) => [{ type: 'ends-with-owner', what: `proxy at ${proxyOf(request).address}` }],
  async inject(request) {
    const target = proxyOf(request);
    return activeFault(target, await target.disturb(mustDisturb(request.spec)));
  },
};

/** It sees a stream of bytes, not packets, and knows one peer on each side. */
function whyNotByProxy(spec: NetworkChaosSpec, hasPeers: boolean): string | undefined {
  const { externalTargets, ports, device } = spec;
  if (hasPeers || externalTargets.length > 0 || ports.length > 0 || device !== undefined)
    return 'a proxy has one upstream and no network device, so that nothing can be chosen';
  return disturbanceOf(spec) ? undefined : `a proxy passes bytes on, not packets: no ${whatIsMissing(spec)}`;
}

function whatIsMissing(spec: NetworkChaosSpec): string {
  if (!('impairment' in spec)) return spec.action;
  const { delay, ...others } = spec.impairment;
  if (delay?.reorder) return 'reordering';
  if (delay && delay.correlation > 0) return 'correlation';
  return Object.keys(others)[0] === 'bytesPerSecond' ? 'rate' : (Object.keys(others)[0] ?? spec.action);
}

const sides: Record<Direction, string> = { to: 'requests', from: 'answers', both: 'requests and answers' };

function planOf(request: Request): DriverPlan {
  const { spec, durationMs } = request;
  const what = sides[spec.direction];
  const during = durationMs === undefined ? '' : ` for ${humanDuration(durationMs)}`;
  const common = {
    how: `in the proxy at ${proxyOf(request).address}`,
    undo: 'the proxy passes on at once, in order, whatever it held',
    survivesCrash: 'nothing: the proxy ends with Firedrill, and its connections with it',
  };
  const disturbance = mustDisturb(spec);
  switch (disturbance.type) {
    case 'delay': {
      const jitter = disturbance.jitterMs > 0 ? `, give or take ${humanDuration(disturbance.jitterMs)}` : '';
      const delay = `delays ${what} by ${humanDuration(disturbance.latencyMs)}${jitter}${during}`;
      return { ...common, what: delay, hits: 'bytes delayed' };
    }
    case 'bandwidth': {
      const limit = `limits ${what} to ${formatRate(disturbance.bytesPerSecond)} in all${during}`;
      return { ...common, what: limit, hits: 'bytes through the limit' };
    }
    case 'partition':
      return { ...common, what: `holds back all ${what}${during}`, hits: 'connections held' };
  }
}

/** Undefined when a proxy cannot make it. */
function disturbanceOf(spec: NetworkChaosSpec): Disturbance | undefined {
  const { direction } = spec;
  switch (spec.action) {
    case 'partition':
    case 'blackhole':
      return { type: 'partition', direction };
    case 'bandwidth':
      // How a bucket queues and drops packets means nothing here: the sender is made to wait.
      return spec.bandwidth.peak
        ? undefined
        : { type: 'bandwidth', direction, bytesPerSecond: spec.bandwidth.bytesPerSecond };
    case 'delay':
    case 'netem': {
      const { delay, ...others } = spec.impairment;
      if (!delay || delay.correlation > 0 || delay.reorder || Object.keys(others).length > 0)
        return undefined;
      return { type: 'delay', direction, latencyMs: delay.latencyMs, jitterMs: delay.jitterMs };
    }
    default:
      return undefined;
  }
}

function mustDisturb(spec: NetworkChaosSpec): Disturbance {
  const disturbance = disturbanceOf(spec);
  if (!disturbance) throw new Error(`a proxy cannot do ${spec.action}`);
  return disturbance;
}

function activeFault(target: ProxyTargetHandle, disturbance: ActiveDisturbance): ActiveFault {
  return {
    hits: () => disturbance.hits(),
    // A connection of our own would be a hit in a partition, so none is made while the fault is on.
    missing: async () =>
      disturbance.inPlace() ? undefined : `the proxy at ${target.address} does not disturb anything`,
    undo: () => disturbance.remove(),
    async verifyUndone() {
      if (disturbance.inPlace()) return { undone: false, left: [`the proxy at ${target.address}`] };
      const hits = disturbance.hits();
      const open = await accepts(target);
      if (disturbance.hits() > hits) return { undone: false, left: [`the proxy at ${target.address}`] };
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
