// The DNS server that a target asks during a drill. It answers the names that the experiment gives it, refuses or
// falsifies what a fault matches, and passes everything else on to the machine's own name servers.
//
//     socket -> readQuery -> a fault's patterns? -> SERVFAIL, a random address, no answer, or the right one later
//                         -> hosts?              -> the address given
//                         -> forward             -> the upstream's answer as it came

import { randomBytes } from 'node:crypto';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import type { Server as TcpServer, Socket as TcpSocket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import type { LabelRecord } from '../../base/labels.ts';
import type { Random } from '../../base/random.ts';
import { type AskUpstream, type Endpoint, forward, type Transport } from './forward.ts';
import { answer, checkQuery, checkToken, type Query, rcodes, readAnswer, readQuery } from './message.ts';
import { canonical, matchesPatterns } from './pattern.ts';
import type { DnsChaosSpec } from './spec.ts';
import { MessageReader, withLength } from './tcp-framing.ts';

export interface DnsServerOptions {
  /** Name or `*.suffix` to IPv4 address; the most exact one counts. */
  readonly hosts: LabelRecord;
  readonly upstreams: readonly Endpoint[];
  readonly upstreamTimeoutMs: number;
  /** Default: from our own network namespace. */
  readonly ask?: AskUpstream;
  /** Draws the addresses of `action: random`. */
  readonly random: Random;
  /** Waits for `action: slow`. */
  readonly clock: Clock;
}

export type DnsDisturbance = DnsChaosSpec;

export interface ActiveDnsDisturbance {
  /** Queries that it refused, falsified, held back or dropped so far. */
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

interface Entry {
  readonly what: DnsDisturbance;
  readonly end: AbortController;
  hits: number;
}

interface Check {
  arrived: boolean;
  disturbedBy: DnsDisturbance | undefined;
}

/** Queries that wait for an upstream at a time; what comes beyond is answered with SERVFAIL. */
const forwardsMax = 512;
/** Queries that are held back at a time; what comes beyond is dropped. */
const heldMax = 4096;
const tcpConnectionsMax = 128;
/** RFC 7766, section 6.2.3: a few seconds. */
const tcpIdleMs = 10_000;

export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #doors: (UdpSocket | TcpServer)[] = [];
  readonly #connections = new Set<TcpSocket>();
  readonly #disturbances: Entry[] = [];
  /** Our own queries that are under way, by their token. */
  readonly #checks = new Map<string, Check>();
  #forwards = 0;
  #held = 0;

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
    const entry = { what, end: new AbortController(), hits: 0 };
    this.#disturbances.push(entry);
    return {
      hits: () => entry.hits,
      remove: () => {
        const index = this.#disturbances.indexOf(entry);
        if (index >= 0) this.#disturbances.splice(index, 1);
        entry.end.abort();
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
    const entry = this.#disturbing(query);
    if (entry && check) check.disturbedBy = entry.what;
    else if (entry) entry.hits++;
    const isHeldBack = entry?.what.action === 'slow' || entry?.what.action === 'drop';
    // What a query of our own asks for is only whether it was hit.
    if (isHeldBack && check) return answer(query, rcodes.noError);
    if (isHeldBack && !(await this.#holdBack(entry))) return undefined;
    const wrong = entry && this.#wrongAnswer(query, entry.what);
    return wrong ?? this.#ownAnswer(query) ?? (await this.#forward(query, transport));
  }

  /** Queries that wait for an upstream now. */
  get waiting(): number {
    return this.#forwards;
  }

  #disturbing(query: Query): Entry | undefined {
    const { name, type } = query.question;
    const entry = this.#disturbances.find(({ what }) => matchesPatterns(name, what.patterns));
    // Only addresses can be falsified; a random mail server or text would be another fault.
    if (entry?.what.action === 'random' && type !== 'A' && type !== 'AAAA') return undefined;
    return entry;
  }

  /** False when the query is to be forgotten. The end of the fault ends every wait. */
  async #holdBack({ what, end }: Entry): Promise<boolean> {
    if (what.action !== 'slow' || this.#held >= heldMax) return false;
    this.#held++;
    await this.#options.clock.sleep(what.delayMs, end.signal);
    this.#held--;
    return true;
  }

  #wrongAnswer(query: Query, { action }: DnsDisturbance): Buffer | undefined {
    if (action === 'error') return answer(query, rcodes.serverFailure);
    if (action !== 'random') return undefined;
    const { random } = this.#options;
    const address = query.question.type === 'A' ? randomIPv4(random) : randomIPv6(random);
    return answer(query, rcodes.noError, [address]);
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
      const { upstreams, upstreamTimeoutMs, ask } = this.#options;
      const found = await forward(query.raw, transport, upstreams, upstreamTimeoutMs, ask);
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
