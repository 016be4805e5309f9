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
  async probe({ target }) {
    if (target.type === 'proxy') return { usable: true };
    return {
      usable: false,
      reason: 'the target is a process, and its packets cannot be reached by this version',
      remedy: 'put a proxy target between its clients and it, and let the fault act on that',
    };
  },
  plan,
  undoSteps: async (request) => [{ type: 'ends-with-owner', what: `proxy at ${proxyOf(request).address}` }],
  async inject(request) {
    const target = proxyOf(request);
    return activeFault(target, await target.disturb(disturbanceOf(request.spec)));
  },
};

const sides: Record<Direction, string> = { to: 'requests', from: 'answers', both: 'requests and answers' };

function plan(request: Request): DriverPlan {
  const { spec, durationMs } = request;
  const what = sides[spec.direction];
  const during = durationMs === undefined ? '' : ` for ${humanDuration(durationMs)}`;
  const undo = 'the proxy passes on at once, in order, whatever it held';
  const survivesCrash = 'nothing: the proxy ends with Firedrill, and its connections with it';
  const how = `in the proxy at ${proxyOf(request).address}`;
  switch (spec.action) {
    case 'delay': {
      const jitter = spec.jitterMs > 0 ? `, give or take ${humanDuration(spec.jitterMs)}` : '';
      const delay = `delays ${what} by ${humanDuration(spec.latencyMs)}${jitter}${during}`;
      return { what: delay, how, undo, survivesCrash, hits: 'bytes delayed' };
    }
    case 'bandwidth': {
      const limit = `limits ${what} to ${formatRate(spec.bytesPerSecond)} in all${during}`;
      return { what: limit, how, undo, survivesCrash, hits: 'bytes through the limit' };
    }
    case 'partition':
      return { what: `holds back all ${what}${during}`, how, undo, survivesCrash, hits: 'connections held' };
  }
}

function disturbanceOf(spec: NetworkChaosSpec): Disturbance {
  const { action, ...rest } = spec;
  return { type: action, ...rest } as Disturbance;
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
