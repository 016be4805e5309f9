// A TCP proxy between the clients of a service and the service, as a target of network faults. Without a disturbance
// it passes bytes on as they come. Disturbances add up in the order in which they were made.
//
// A partition is one of the network: no byte passes and none is lost. Open connections stall until it is over and go
// on; new ones are accepted by the kernel, as always, but not connected on before that. Only bytes are held, not the
// acknowledgements of TCP: in a one-way partition the other way stays open.

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { UserError } from '../../../base/diagnostics.ts';
import type { LabelRecord } from '../../../base/labels.ts';
import type { Random } from '../../../base/random.ts';
import type { ProxyTarget } from '../declaration.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../host-port.ts';
import type { ActiveDisturbance, Disturbance, ProxyTargetHandle } from '../target.ts';
import { DisturbanceOnLinks } from './disturbance.ts';
import { Link } from './link.ts';
import type { Budget } from './stage.ts';

/** Connections at a time; beyond it new ones are closed. */
const connectionsMax = 4096;
const waitingBytesMax = 256 * 2 ** 20;
/** How long a connection has said nothing when it is taken to rest, and how long to wait for that. */
const restMs = 20;
const restPatienceMs = 1000;

export interface ProxyIdentity {
  readonly name: string;
  readonly namespace: string;
  readonly labels: LabelRecord;
}

export class TcpProxy implements ProxyTargetHandle {
  readonly type = 'proxy';
  readonly name: string;
  readonly namespace: string;
  readonly labels: LabelRecord;
  readonly #listen: HostPort;
  readonly #upstream: HostPort;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #links = new Set<Link>();
  readonly #disturbances = new Set<DisturbanceOnLinks>();
  readonly #budget: Budget = { waitingBytes: 0, waitingBytesMax };
  #server: Server | undefined;
  #address: string;
  #detour: HostPort | undefined;

  /** `random` draws the jitter. */
  constructor(identity: ProxyIdentity, declared: ProxyTarget, clock: Clock, random: Random) {
    this.name = identity.name;
    this.namespace = identity.namespace;
    this.labels = identity.labels;
    this.#listen = parseHostPort(declared.listen, true);
    this.#upstream = parseHostPort(declared.upstream);
    this.#clock = clock;
    this.#random = random;
    this.#address = declared.listen;
  }

  get address(): string {
    return this.#address;
  }

  async describe(): Promise<string> {
    const state = this.#server ? `${this.#links.size} connections` : 'not started';
    return `proxy ${this.#address} to ${formatHostPort(this.#upstream)}, ${state}`;
  }

  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.maxConnections = connectionsMax;
    server.on('connection', (client) => void this.#admit(new Link(client)));
    server.listen(this.#listen.port, this.#listen.host);
    try {
      await once(server, 'listening');
    } catch (error) {
      throw UserError.of(
        'FD507',
        `proxy ${this.name} cannot listen on ${this.#address}: ${(error as Error).message}`,
      );
    }
    this.#server = server;
    const bound = server.address();
    if (bound && typeof bound === 'object') {
      this.#address = formatHostPort({ host: this.#listen.host, port: bound.port });
    }
  }

  /** Closes every connection; idempotent. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const link of this.#links) link.destroy();
    for (const disturbance of this.#disturbances) disturbance.heal();
    this.#disturbances.clear();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async disturb(what: Disturbance): Promise<ActiveDisturbance> {
    const disturbance = new DisturbanceOnLinks(what, this.#random);
    this.#disturbances.add(disturbance);
    for (const link of this.#links) disturbance.addTo(link);
    return {
      hits: () => disturbance.hits,
      inPlace: () => this.#server !== undefined && this.#disturbances.has(disturbance),
      remove: async () => {
        this.#disturbances.delete(disturbance);
        disturbance.remove();
      },
    };
  }

  /** Where new connections go when nothing leads them elsewhere. */
  get upstream(): HostPort {
    return this.#upstream;
  }

  get detour(): HostPort | undefined {
    return this.#detour;
  }

  /**
   * Leads new connections to another upstream, and ends those that are open, each when its client waits for nothing and
   * after a second in any case: their clients come back by the new way.
   */
  async leadTo(detour: HostPort): Promise<void> {
    this.#detour = detour;
    await this.#endOld(new Set(this.#links));
  }

  /** New connections go to the upstream again; open ones stay where they are. */
  leadBack(): void {
    this.#detour = undefined;
  }

  async #endOld(old: ReadonlySet<Link>): Promise<void> {
    const seen = new Map<Link, number | undefined>();
    for (let waitedMs = 0; waitedMs <= restPatienceMs; waitedMs += restMs) {
      const left = [...old].filter((link) => this.#links.has(link));
      if (left.length === 0) return;
      for (const link of left) {
        const { restingAt } = link;
        const rests = restingAt !== undefined && seen.get(link) === restingAt;
        if (rests || waitedMs + restMs > restPatienceMs) link.end();
        seen.set(link, restingAt);
      }
      await this.#clock.sleep(restMs);
    }
  }

  async #admit(link: Link): Promise<void> {
    this.#links.add(link);
    for (;;) {
      const partition = [...this.#disturbances].find((each) => each.isPartition);
      if (!partition) break;
      partition.countConnection();
      if (!(await link.hold(partition.healed))) {
        this.#links.delete(link);
        return;
      }
    }
    link.open(this.#detour ?? this.#upstream, this.#clock, this.#budget, () => {
      this.#links.delete(link);
      for (const disturbance of this.#disturbances) disturbance.forget(link);
    });
    for (const disturbance of this.#disturbances) disturbance.addTo(link);
  }
}
