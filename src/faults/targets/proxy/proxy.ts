// A TCP proxy between the clients of a service and the service, as a target of network faults. Without a disturbance
// it passes bytes on as they come.

import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import { UserError } from '../../../base/diagnostics.ts';
import type { LabelRecord } from '../../../base/labels.ts';
import type { Random } from '../../../base/random.ts';
import type { ProxyTarget } from '../declaration.ts';
import { formatHostPort, type HostPort, parseHostPort } from '../host-port.ts';
import type { ActiveDisturbance, Disturbance, ProxyTargetHandle } from '../target.ts';
import { DisturbedLinks } from './disturbed-links.ts';

/** Connections at a time; beyond it new ones are closed. */
const connectionsMax = 4096;

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
  readonly #links: DisturbedLinks;
  #server: Server | undefined;
  #address: string;
  #detour: HostPort | undefined;

  /** `random` draws the jitter and what is lost. */
  constructor(identity: ProxyIdentity, declared: ProxyTarget, clock: Clock, random: Random) {
    this.name = identity.name;
    this.namespace = identity.namespace;
    this.labels = identity.labels;
    this.#listen = parseHostPort(declared.listen, true);
    this.#upstream = parseHostPort(declared.upstream);
    this.#links = new DisturbedLinks(clock, random);
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
    server.on('connection', (client) => {
      const to = () => ({ ...(this.#detour ?? this.#upstream), allowHalfOpen: true, noDelay: true });
      void this.#links.admit(client, () => connect(to()));
    });
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
    this.#links.close();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async disturb(what: Disturbance): Promise<ActiveDisturbance> {
    const disturbance = this.#links.disturb(what);
    return {
      hits: () => disturbance.hits(),
      inPlace: () => this.#server !== undefined && disturbance.isActive(),
      remove: async () => disturbance.remove(),
    };
  }

  /** Where new connections go when nothing leads them elsewhere. */
  get upstream(): HostPort {
    return this.#upstream;
  }

  get detour(): HostPort | undefined {
    return this.#detour;
  }

  /** Leads new connections to another upstream, and ends those that are open: their clients come back by the new way. */
  async leadTo(detour: HostPort, openConnections: 'end' | 'keep' = 'end'): Promise<void> {
    this.#detour = detour;
    if (openConnections === 'end') await this.#links.endOpen();
  }

  /** New connections go to the upstream again; open ones stay where they are. */
  leadBack(): void {
    this.#detour = undefined;
  }
}
