// A proxy of ours before one TCP port of a target, to which new connections are led while the target goes on listening.
// Faults on one port share it: the first opens it, the last to go closes it, in whatever order they go.

import type { ExtendLease } from '../fault.ts';
import type { UndoStep } from '../leases/lease.ts';
import { InboundRedirect } from '../redirect/inbound.ts';
import { endOldConnections } from '../redirect/old-connections.ts';
import { DisturbedLinks, type LinkDisturbance } from '../targets/proxy/disturbed-links.ts';
import type { Disturbance, TargetHandle } from '../targets/target.ts';
import type { Place } from './namespace.ts';
import { hitsOf } from './on-streams.ts';
import type { NetworkRequest } from './packets.ts';

/** Where a target listens. */
export interface ListeningPort {
  readonly port: number;
  /** `0.0.0.0` and `::` are all of them. */
  readonly addresses: readonly string[];
}

/** How long connections of before get to become quiet. */
const oldPatienceMs = 1000;

interface PortProxy {
  readonly way: InboundRedirect;
  readonly links: DisturbedLinks;
  /** What the lease of each fault that needs it holds. */
  readonly steps: readonly UndoStep[];
}

interface Shared {
  readonly opened: Promise<PortProxy>;
  users: number;
  /** Set as the last one leaves: whether the target was reached afterwards. */
  ended?: Promise<boolean>;
}

const proxies = new WeakMap<TargetHandle, Map<number, Shared>>();

/** One fault in the proxy before one port. */
export class DisturbedPort {
  readonly #request: NetworkRequest;
  readonly #port: number;
  readonly #shared: Shared;
  readonly #proxy: PortProxy;
  readonly #disturbances: readonly LinkDisturbance[];
  /** Connections of before that could not be ended. */
  readonly #old: number;

  private constructor(
    request: NetworkRequest,
    port: number,
    shared: Shared,
    proxy: PortProxy,
    disturbances: readonly LinkDisturbance[],
    old: number,
  ) {
    this.#request = request;
    this.#port = port;
    this.#shared = shared;
    this.#proxy = proxy;
    this.#disturbances = disturbances;
    this.#old = old;
  }

  /** Each step of the way back is in the lease before what it takes back is done. */
  static async disturb(
    request: NetworkRequest,
    place: Place,
    listening: ListeningPort,
    what: readonly Disturbance[],
    extend: ExtendLease,
  ): Promise<DisturbedPort> {
    const { port } = listening;
    const shared = enter(request, place, listening, extend);
    let disturbances: LinkDisturbance[] = [];
    try {
      const proxy = await shared.opened;
      await extend(proxy.steps);
      disturbances = what.map((each) => proxy.links.disturb(each));
      const isMeant = ({ remote }: { remote: { host: string; port: number } }) =>
        !proxy.way.isOurs(remote.host, remote.port);
      // What breaks or cuts the others need not wait for a good moment.
      const cuts = what.some(({ type }) => type === 'partition' || type === 'reset');
      const old = await endOldConnections(
        { place, side: 'local', port, isMeant },
        request.clock,
        cuts ? 0 : oldPatienceMs,
      );
      return new DisturbedPort(request, port, shared, proxy, disturbances, old);
    } catch (error) {
      for (const each of disturbances) each.remove();
      await leave(request, port, shared);
      throw error;
    }
  }

  get hits(): number {
    return hitsOf(this.#disturbances);
  }

  /** Why connections to the port do not meet the fault, or undefined. */
  async missing(): Promise<string | undefined> {
    const { way } = this.#proxy;
    if ((await way.redirected()) === undefined) return `the ${way.where} is gone`;
    if (!this.#disturbances.every((each) => each.isActive()))
      return `the proxy before port ${this.#port} does not disturb anything`;
    return this.#old > 0
      ? `${this.#old} connections to port ${this.#port} that were open before still go past the proxy`
      : undefined;
  }

  /** Once only: what was held goes on, and the last one takes the proxy away. */
  async end(): Promise<void> {
    for (const each of this.#disturbances) each.remove();
    await leave(this.#request, this.#port, this.#shared);
  }

  /** After `end`: what showed it, or what is left. */
  async verifyEnded(): Promise<{ readonly evidence: string } | { readonly left: string }> {
    const { way } = this.#proxy;
    const { ended } = this.#shared;
    if (!ended) return { evidence: `the proxy before port ${this.#port} has only other faults` };
    if (!way.isGone) return { left: `the ${way.where}` };
    const reach = (await ended) ? 'reaches the target' : 'finds nobody any more';
    return { evidence: `the ${way.where} is gone, and a new connection to port ${this.#port} ${reach}` };
  }
}

function enter(request: NetworkRequest, place: Place, listening: ListeningPort, extend: ExtendLease): Shared {
  const ports = proxies.get(request.target) ?? new Map<number, Shared>();
  proxies.set(request.target, ports);
  const shared = ports.get(listening.port) ?? { opened: open(request, place, listening, extend), users: 0 };
  shared.users++;
  ports.set(listening.port, shared);
  return shared;
}

async function leave({ target }: NetworkRequest, port: number, shared: Shared): Promise<void> {
  shared.users--;
  if (shared.users > 0) return;
  proxies.get(target)?.delete(port);
  const proxy = await shared.opened.catch(() => undefined);
  if (!proxy) return;
  await proxy.way.stop();
  await proxy.links.drain();
  proxy.links.close();
  await proxy.way.close();
  shared.ended = proxy.way.leave();
  await shared.ended;
}

async function open(
  { clock, random }: NetworkRequest,
  place: Place,
  { port, addresses }: ListeningPort,
  extend: ExtendLease,
): Promise<PortProxy> {
  const way = await InboundRedirect.open({ place, port, addresses, random });
  const links = new DisturbedLinks(clock, random);
  const steps: UndoStep[] = [];
  way.server.on('connection', (client) => {
    client.pause();
    void links.admit(client, () => way.connect());
  });
  try {
    await way.begin(async (made) => {
      steps.push(...made);
      await extend(made);
    });
    return { way, links, steps };
  } catch (error) {
    await way.close();
    await way.leave();
    throw error;
  }
}
