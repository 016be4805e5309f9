// The DNS server that a target asks during a drill. It answers the names that the experiment gives it, refuses or
// falsifies what a fault matches, and passes everything else on to the machine's own name servers.
//
//     socket -> readQuery -> a fault's patterns? -> SERVFAIL or a random address
//                         -> hosts?              -> the address given
//                         -> forward             -> the upstream's answer as it came

import { randomBytes } from 'node:crypto';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import type { Server as TcpServer, Socket as TcpSocket } from 'node:net';
import type { LabelRecord } from '../../base/labels.ts';
import type { Random } from '../../base/random.ts';
import { type Endpoint, forward, type Transport } from './forward.ts';
import { answer, checkQuery, checkToken, type Query, rcodes, readAnswer, readQuery } from './message.ts';
import { canonical, matchesPatterns } from './pattern.ts';
import { MessageReader, withLength } from './tcp-framing.ts';

export interface DnsServerOptions {
  /** Name or `*.suffix` to IPv4 address; the most exact one counts. */
  readonly hosts: LabelRecord;
  readonly upstreams: readonly Endpoint[];
  readonly upstreamTimeoutMs: number;
  /** Draws the addresses of `action: random`. */
  readonly random: Random;
}

export interface DnsDisturbance {
  readonly action: 'error' | 'random';
  readonly patterns: readonly string[];
}

export interface ActiveDnsDisturbance {
  /** Queries that it refused or falsified so far. */
  hits(): number;
  /** Idempotent. */
  remove(): void;
}

/** What became of a query of our own. */
export interface CheckResult {
  /** Whether it reached the server. */
  readonly arrived: boolean;
  readonly disturbedBy: DnsDisturbance | undefined;
  readonly answer: { readonly rcode: number; readonly addresses: readonly string[] } | undefined;
}

/** Queries that wait for an upstream at a time; what comes beyond is answered with SERVFAIL. */
const forwardsMax = 512;
const tcpConnectionsMax = 128;
/** RFC 7766, section 6.2.3: a few seconds. */
const tcpIdleMs = 10_000;

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #doors: (UdpSocket | TcpServer)[] = [];
  readonly #connections = new Set<TcpSocket>();
  readonly #disturbances: { readonly what: DnsDisturbance; hits: number }[] = [];
  /** Our own queries that are under way, by their token. */
  readonly #checks = new Map<string, { arrived: boolean; disturbedBy: DnsDisturbance | undefined }>();
  #forwards = 0;

  constructor(options: DnsServerOptions) {
    this.#options = options;
  }

  /** Answers what arrives at these two, which the server closes with itself. */
  serve(udp: UdpSocket, tcp: TcpServer): void {
    this.#doors.push(udp, tcp);
    udp.on('message', (raw, from) => this.#onDatagram(udp, raw, from));
    udp.on('error', () => {});
    tcp.maxConnections = tcpConnectionsMax;
    tcp.on('connection', (socket) => this.#onConnection(socket));
  }

  /** From now on, matching names are answered wrongly. The first disturbance that matches a name acts. */
  disturb(what: DnsDisturbance): ActiveDnsDisturbance {
    const entry = { what, hits: 0 };
    this.#disturbances.push(entry);
    return {
      hits: () => entry.hits,
      remove: () => {
        const index = this.#disturbances.indexOf(entry);
        if (index >= 0) this.#disturbances.splice(index, 1);
      },
    };
  }

  /** Asks for a name as a target would, by a way to this server that the caller gives; never counted as a hit. */
  async check(name: string, ask: (query: Buffer) => Promise<Buffer | undefined>): Promise<CheckResult> {
    const token = randomBytes(16).toString('hex');
    const check = { arrived: false, disturbedBy: undefined };
    this.#checks.set(token, check);
    try {
      const raw = await ask(checkQuery(name, token));
      return { ...check, answer: raw && readAnswer(raw) };
    } finally {
      this.#checks.delete(token);
    }
  }

  /** Idempotent; resolves when no socket of it is open any more. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await Promise.all(
      this.#doors.splice(0).map((door) => new Promise<void>((resolve) => door.close(() => resolve()))),
    );
  }

  async #answer(raw: Buffer, transport: Transport): Promise<Buffer | undefined> {
    const read = readQuery(raw);
    if (!('query' in read)) return read.refusal;
    const { query } = read;
    const check = this.#checks.get(checkToken(query) ?? '');
    if (check) check.arrived = true;
    return (
      this.#disturbedAnswer(query, check) ?? this.#ownAnswer(query) ?? (await this.#forward(query, transport))
    );
  }

  #disturbedAnswer(
    query: Query,
    check: { disturbedBy: DnsDisturbance | undefined } | undefined,
  ): Buffer | undefined {
    const { name, type } = query.question;
    const entry = this.#disturbances.find(({ what }) => matchesPatterns(name, what.patterns));
    if (!entry) return undefined;
    // Only addresses can be falsified; a random mail server or text would be another fault.
    if (entry.what.action === 'random' && type !== 'A' && type !== 'AAAA') return undefined;
    if (check) check.disturbedBy = entry.what;
    else entry.hits++;
    if (entry.what.action === 'error') return answer(query, rcodes.serverFailure);
    const { random } = this.#options;
    return answer(query, rcodes.noError, [type === 'A' ? randomIPv4(random) : randomIPv6(random)]);
  }

  #ownAnswer(query: Query): Buffer | undefined {
    const address = hostAddress(this.#options.hosts, query.question.name);
    if (address === undefined) return undefined;
    return answer(query, rcodes.noError, query.question.type === 'A' ? [address] : []);
  }

  async #forward(query: Query, transport: Transport): Promise<Buffer> {
    if (this.#forwards >= forwardsMax) return answer(query, rcodes.serverFailure);
    this.#forwards++;
    try {
      const { upstreams, upstreamTimeoutMs } = this.#options;
      const found = await forward(query.raw, transport, upstreams, upstreamTimeoutMs);
      return found ?? answer(query, rcodes.serverFailure);
    } finally {
      this.#forwards--;
    }
  }

  async #onDatagram(socket: UdpSocket, raw: Buffer, from: RemoteInfo): Promise<void> {
    const reply = await this.#answer(raw, 'udp');
    // The asker may be gone, and the server closed, by the time an upstream has answered.
    if (reply && this.#doors.includes(socket)) socket.send(reply, from.port, from.address, () => {});
  }

  /** One message after the other: a client that sends faster than it is answered waits in its own send buffer. */
  #onConnection(socket: TcpSocket): void {
    const reader = new MessageReader();
    this.#connections.add(socket);
    socket.setTimeout(tcpIdleMs, () => socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('data', async (bytes) => {
      socket.pause();
      for (const message of reader.read(bytes)) {
        const reply = await this.#answer(message, 'tcp');
        if (reply && !socket.destroyed) socket.write(withLength(reply));
      }
      socket.resume();
    });
  }
}

/** The address that `hosts` gives a name: of the entry that names it exactly, else of the longest `*.suffix` above it. */
export function hostAddress(hosts: LabelRecord, name: string): string | undefined {
  const wanted = canonical(name);
  const entries = Object.entries(hosts).map(([key, address]) => [canonical(key), address] as const);
  const exact = entries.find(([key]) => key === wanted);
  if (exact) return exact[1];
  return entries
    .filter(([key]) => key.startsWith('*.') && wanted.endsWith(key.slice(1)))
    .sort(([a], [b]) => b.length - a.length)[0]?.[1];
}

/** From 198.18.0.0/15, which is for benchmarks and never routed (RFC 2544): wrong for the target, nobody else's. */
function randomIPv4(random: Random): string {
  const bits = Math.floor(random() * 2 ** 17);
  return `198.${18 + (bits >> 16)}.${(bits >> 8) & 255}.${bits & 255}`;
}

/** From 2001:db8::/32, which is for documentation (RFC 3849). */
function randomIPv6(random: Random): string {
  const groups = Array.from({ length: 6 }, () => Math.floor(random() * 65_536).toString(16));
  return `2001:db8:${groups.join(':')}`;
}
