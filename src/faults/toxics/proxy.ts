// A proxy with toxics: listens, passes on, and lets the toxics act. It ends with the process, and so does all that it
// does.

import type { Clock } from '../../base/clock.ts';
import type { HostPort } from '../targets/host-port.ts';
import { ToxicChain } from './chain.ts';
import type { Traffic, TrafficByStream } from './connection.ts';
import type { Listener } from './listener.ts';
import type { Budget } from './pipe.ts';
import { TcpListener } from './tcp-listener.ts';
import type { Protocol, Stream } from './toxic.ts';
import { UdpListener } from './udp-listener.ts';

/** Where a proxy listens and to whom it passes on. Port 0 takes any free one. */
export interface ProxyRoute {
  readonly protocol: Protocol;
  readonly listen: HostPort;
  readonly upstream: HostPort;
}

export interface ProxySurroundings {
  readonly clock: Clock;
  /** Draws which connections a toxic acts on, jitter and sizes. */
  readonly seed: number;
  /** Shared with other proxies of the process. */
  readonly budget: Budget;
}

export class ToxicProxy {
  readonly name: string;
  readonly chain: ToxicChain;
  readonly #surroundings: ProxySurroundings;
  #route: ProxyRoute;
  #listener: Listener | undefined;
  #connections = 0;
  #closedTraffic: Readonly<Record<Stream, Traffic>> = noTraffic();

  constructor(name: string, route: ProxyRoute, surroundings: ProxySurroundings) {
    this.name = name;
    this.#route = route;
    this.#surroundings = surroundings;
    this.chain = new ToxicChain(surroundings);
  }

  /** Once it listens, with the port that it has. */
  get route(): ProxyRoute {
    return this.#route;
  }

  get enabled(): boolean {
    return this.#listener !== undefined;
  }

  /** Bytes since the route was set. */
  get traffic(): TrafficByStream {
    const total = noTraffic();
    for (const traffic of [this.#closedTraffic, ...this.chain.connections.map((each) => each.traffic)])
      addTraffic(total, traffic);
    return total;
  }

  /** Rejects with the system's error when it cannot listen; does nothing when it does. */
  async start(): Promise<void> {
    if (this.#listener) return;
    const { protocol, listen, upstream } = this.#route;
    const { clock } = this.#surroundings;
    const options = {
      ...{ listen, upstream, clock, chain: this.chain },
      nextNumber: () => ++this.#connections,
      onClosed: (traffic: TrafficByStream) => addTraffic(this.#closedTraffic, traffic),
    };
    const listener = protocol === 'udp' ? new UdpListener(options) : new TcpListener(options);
    this.#route = { ...this.#route, listen: await listener.start() };
    this.#listener = listener;
  }

  /** Closes every connection; its toxics stay. */
  async stop(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    await listener?.stop();
  }

  /** Takes another route from the next start on. It must be stopped. */
  reroute(route: ProxyRoute): void {
    if (this.#listener) throw new Error('a proxy that listens keeps its route');
    this.#route = route;
    this.#closedTraffic = noTraffic();
  }
}

function noTraffic(): Readonly<Record<Stream, Traffic>> {
  return { upstream: { received: 0, sent: 0 }, downstream: { received: 0, sent: 0 } };
}

function addTraffic(total: TrafficByStream, more: TrafficByStream): void {
  for (const stream of ['upstream', 'downstream'] as const) {
    total[stream].received += more[stream].received;
    total[stream].sent += more[stream].sent;
  }
}
