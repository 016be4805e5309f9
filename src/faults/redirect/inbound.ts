// Leads new connections to a TCP port of a network namespace to a server of ours there, while whoever listens on the port goes on
// listening and knows nothing of it:
//
//     client ── port 8080 ──nft──> our server ──from 127.x.y.z──> port 8080, where the target listens
//
// Our own connections must not be led to us again. Node.js cannot mark a socket, and a group or user of our own would
// take our other traffic with it, so the rule knows them by their source: an address of 127.0.0.0/8 that nobody else
// uses, or, with IPv6, which has but one loopback address, ports outside of the range that the kernel gives to others.

import { isIPv6, type Server, type Socket } from 'node:net';
import type { Random } from '../../base/random.ts';
import type { ExtendLease } from '../fault.ts';
import { countersOf, NftTable } from '../kernel/nft-table.ts';
import type { Place } from '../network-chaos/namespace.ts';
import { type Network, openNetwork } from './network.ts';
import { opening } from './opening.ts';

export interface InboundRedirectOptions {
  /** The network namespace that the target is in. */
  readonly place: Place;
  readonly port: number;
  /** Addresses on which the target listens; `0.0.0.0` and `::` are all of them. */
  readonly addresses: readonly string[];
  readonly random: Random;
}

const ruleName = 'redirected';
/** Before any other address translation: Docker's and that of most firewalls is at -100. */
const priority = -110;

export class InboundRedirect {
  readonly server: Server;
  readonly #options: InboundRedirectOptions;
  readonly #network: Network;
  readonly #source: string;
  readonly #sourcePorts: { readonly first: number; readonly last: number };
  readonly #table: NftTable;
  #nextPort = 0;
  #preferred: string | undefined;

  private constructor(options: InboundRedirectOptions, network: Network, server: Server, table: NftTable) {
    const octet = () => 2 + Math.floor(options.random() * 250);
    this.#options = options;
    this.#source = `127.${octet()}.${octet()}.${octet()}`;
    this.#network = network;
    this.#table = table;
    this.#sourcePorts = portsOfNobody(network.localPorts);
    this.server = server;
  }

  /** Opens our server and starts the holder of a table, at the same time; nothing is redirected yet. */
  static async open(options: InboundRedirectOptions): Promise<InboundRedirect> {
    const starting = NftTable.start(options.place);
    starting.catch(() => {});
    let network: Network | undefined;
    try {
      network = await openNetwork(options.place, options.random);
      return new InboundRedirect(options, network, await network.listen(), await starting);
    } catch (error) {
      await network?.close();
      await starting.then(
        (table) => table.close(),
        () => {},
      );
      throw error;
    }
  }

  /** From now on new connections come to our server. The lease knows who holds table and sockets before there is a table. */
  async begin(extend: ExtendLease): Promise<void> {
    const holders = [this.#table.holder, this.#network.helper].filter((process) => process !== undefined);
    await extend(holders.map((process) => ({ type: 'end-tree', process })));
    await this.#table.create(this.#statements(this.#table.name));
  }

  /** Connections redirected so far; undefined when the table is not there. */
  async redirected(): Promise<number | undefined> {
    if (this.#table.ended) return undefined;
    return countersOf(await this.#table.list()).get(ruleName);
  }

  /** Where the redirect lives, for people. */
  get where(): string {
    return `nftables table ${this.#table.name}`;
  }

  /** A connection to the target itself. The address that worked is tried first from then on. */
  async connect(): Promise<Socket> {
    const addresses = targetAddresses(this.#options.addresses);
    const ordered = this.#preferred ? [this.#preferred, ...addresses] : addresses;
    let failure: unknown = new Error(`nobody listens on port ${this.#options.port}`);
    for (const address of new Set(ordered)) {
      try {
        const socket = await this.#connectTo(address);
        this.#preferred = address;
        return socket;
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** New connections go to the target again. Those that came to us stay ours until `close`, which breaks them. */
  async stop(): Promise<void> {
    const table = this.#table;
    if (table.ended) return;
    await table.apply(['output', 'prerouting'].map((chain) => `flush chain inet ${table.name} ${chain}`));
  }

  /** Idempotent; the table is gone when it resolves. What came to us is broken. */
  async close(): Promise<void> {
    await this.#table.close();
    this.server.close();
  }

  /** After `close`: whether the target accepts a connection from where it is, and nobody of ours is there any more. */
  async leave(): Promise<boolean> {
    const accepts = await this.connect().then(
      (socket) => {
        socket.destroy();
        return true;
      },
      () => false,
    );
    await this.#network.close();
    return accepts;
  }

  get isGone(): boolean {
    return this.#table.ended;
  }

  #statements(table: string): string[] {
    const { port, addresses } = this.#options;
    const ours = this.server.address();
    if (!ours || typeof ours === 'string') throw new Error('our server does not listen on a port');
    const { first, last } = this.#sourcePorts;
    const chain = (name: string, type: string, hook: string, at: number) =>
      `chain inet ${table} ${name} { type ${type} hook ${hook} priority ${at}; policy accept; }`;
    const redirect = `counter redirect to :${ours.port} comment "${ruleName}"`;
    return [
      chain('output', 'nat', 'output', priority),
      chain('prerouting', 'nat', 'prerouting', priority),
      chain('input', 'filter', 'input', 0),
      `rule inet ${table} output ip saddr ${this.#source} accept`,
      `rule inet ${table} output meta nfproto ipv6 tcp sport ${first}-${last} accept`,
      ...[...new Set(addresses.map(destination))].flatMap((to) => [
        `rule inet ${table} output ${to} tcp dport ${port} ${opening} ${redirect}`,
        `rule inet ${table} prerouting iif != lo ${to} tcp dport ${port} ${opening} ${redirect}`,
      ]),
      // Our server listens on every address, because connections from outside are redirected to the address that they
      // came by. Nobody shall reach it but by the redirect.
      `rule inet ${table} input tcp dport ${ours.port} ct status & dnat != dnat reject with tcp reset`,
    ];
  }

  async #connectTo(address: string): Promise<Socket> {
    const { port } = this.#options;
    const { first, last } = this.#sourcePorts;
    for (let attempt = 0; ; attempt++) {
      const from = isIPv6(address)
        ? { localPort: first + (this.#nextPort++ % (last - first + 1)) }
        : { localAddress: this.#source };
      try {
        return await this.#network.connect({ host: address, port }, from);
      } catch (error) {
        const isTaken = ['EADDRINUSE', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '');
        if (!isIPv6(address) || !isTaken || attempt > last - first) throw error;
      }
    }
  }

  /** Whether a connection is one of ours to the target, by its source. */
  isOurs(address: string, port: number): boolean {
    const { first, last } = this.#sourcePorts;
    return address === this.#source || (isIPv6(address) && port >= first && port <= last);
  }
}

function destination(address: string): string {
  if (address === '::') return 'fib daddr type local';
  if (address === '0.0.0.0') return 'meta nfproto ipv4 fib daddr type local';
  return isIPv6(address) ? `ip6 daddr ${address}` : `ip daddr ${address}`;
}

function targetAddresses(listening: readonly string[]): string[] {
  const all = listening.flatMap((address) => {
    if (address === '::') return ['127.0.0.1', '::1'];
    return address === '0.0.0.0' ? ['127.0.0.1'] : [address];
  });
  return [...new Set(all)];
}

const portsTaken = 1024;

/** A range of ports that the kernel never gives to a connection that names none. */
function portsOfNobody([low, high]: readonly [number, number]): {
  readonly first: number;
  readonly last: number;
} {
  const first = high + portsTaken < 65_535 ? high + 1 : low - portsTaken;
  return { first, last: first + portsTaken - 1 };
}
