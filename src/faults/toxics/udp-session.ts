// One client of a UDP proxy: its datagrams go to the upstream from a socket of their own, so that answers find back.

import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { HostPort } from '../targets/host-port.ts';
import type { Connection, TrafficByStream } from './connection.ts';
import type { DatagramStage, Stream, Toxic, ToxicPlace } from './toxic.ts';

const pendingMax = 64;

export class UdpSession implements Connection {
  readonly number: number;
  readonly client: string;
  readonly openedAtMs: number;
  readonly serverName = undefined;
  readonly traffic: TrafficByStream = {
    upstream: { received: 0, sent: 0 },
    downstream: { received: 0, sent: 0 },
  };
  lastAtMs: number;
  readonly #socket: Socket;
  readonly #answer: (datagram: Buffer) => void;
  readonly #chains: Readonly<Record<Stream, { readonly toxic: Toxic; stage: DatagramStage }[]>> = {
    upstream: [],
    downstream: [],
  };
  /** What is to be sent before the upstream's name has been looked up. */
  #pending: Buffer[] | undefined = [];
  #closed = false;

  /** `now` tells when an answer came; `answer` sends a datagram to the client. */
  constructor(
    number: number,
    client: HostPort,
    upstream: HostPort,
    now: () => number,
    answer: (datagram: Buffer) => void,
  ) {
    this.number = number;
    this.client = `${client.host}:${client.port}`;
    this.openedAtMs = now();
    this.lastAtMs = this.openedAtMs;
    this.#answer = answer;
    this.#socket = createSocket(isIPv6(upstream.host) ? 'udp6' : 'udp4');
    // Nobody listens there: a datagram gets lost, which is all that UDP promises.
    this.#socket.on('error', () => {});
    this.#socket.on('message', (datagram) => {
      this.lastAtMs = now();
      this.#pass('downstream', datagram);
    });
    this.#socket.once('connect', () => {
      const pending = this.#pending!;
      this.#pending = undefined;
      for (const datagram of pending) this.#socket.send(datagram, () => {});
    });
    this.#socket.connect(upstream.port, upstream.host);
  }

  /** A datagram of the client. */
  receive(datagram: Buffer, nowMs: number): void {
    this.lastAtMs = nowMs;
    this.#pass('upstream', datagram);
  }

  infectedBy(toxic: Toxic): boolean {
    return this.#chains[toxic.stream].some((each) => each.toxic === toxic);
  }

  infect(toxic: Toxic, place: ToxicPlace, before: Readonly<Record<Stream, readonly Toxic[]>>): void {
    const chain = this.#chains[toxic.stream];
    const stage = toxic.type.datagrams!(toxic.attributes, place);
    const present = chain.find((each) => each.toxic === toxic);
    if (present) {
      present.stage.release();
      present.stage = stage;
      return;
    }
    const position = chain.filter((each) => before[toxic.stream].includes(each.toxic)).length;
    chain.splice(position, 0, { toxic, stage });
  }

  cure(toxic: Toxic): void {
    const chain = this.#chains[toxic.stream];
    const at = chain.findIndex((each) => each.toxic === toxic);
    if (at >= 0) chain.splice(at, 1)[0]!.stage.release();
  }

  destroy(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { stage } of [...this.#chains.upstream, ...this.#chains.downstream]) stage.release();
    this.#socket.close();
  }

  #pass(stream: Stream, datagram: Buffer): void {
    this.traffic[stream].received += datagram.length;
    this.#step(stream, [...this.#chains[stream]], datagram);
  }

  #step(stream: Stream, [first, ...rest]: { stage: DatagramStage }[], datagram: Buffer): void {
    if (first) {
      first.stage.take(datagram, (passed) => this.#step(stream, rest, passed));
      return;
    }
    if (this.#closed) return;
    this.traffic[stream].sent += datagram.length;
    if (stream === 'downstream') this.#answer(datagram);
    else this.#send(datagram);
  }

  #send(datagram: Buffer): void {
    if (!this.#pending) this.#socket.send(datagram, () => {});
    else if (this.#pending.length < pendingMax) this.#pending.push(datagram);
  }
}
