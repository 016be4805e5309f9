// One TCP connection through the proxy: the client's socket, ours to the upstream, and a flow each way.

import type { Socket } from 'node:net';
import { resetNow } from '../reset-now.ts';
import { ClientHello } from './client-hello.ts';
import type { Connection, Traffic } from './connection.ts';
import { Flow } from './flow.ts';
import type { Intake } from './intake.ts';
import type { Stage, Taker } from './pipe.ts';
import type { Stream, Toxic, ToxicPlace } from './toxic.ts';

/** How long a socket may take to send what is left, and its peer to end too, once the connection is closed by a toxic. */
const lingerMs = 1000;

const streams = ['upstream', 'downstream'] as const;

export interface LinkOptions {
  readonly number: number;
  /** Comes paused. */
  readonly client: Socket;
  /** Ours, connected or about to be; half-open connections are allowed. */
  readonly upstream: Socket;
  /** How the upstream is read when it is not by its events. */
  readonly intake?: Intake;
  readonly openedAtMs: number;
  /** Both sockets are closed. */
  whenClosed(): void;
  /** The client gets a reset when nobody is there upstream. Without, its connection ends, as it does with toxiproxy. */
  readonly resetWhenRefused?: boolean;
}

export class Link implements Connection {
  readonly number: number;
  readonly client: string;
  readonly openedAtMs: number;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #flows: Readonly<Record<Stream, Flow>>;
  readonly #stages = new Map<Toxic, Partial<Record<Stream, Stage>>>();
  readonly #hello = new ClientHello();

  constructor({ number, client, upstream, intake, openedAtMs, whenClosed, resetWhenRefused }: LinkOptions) {
    this.number = number;
    this.client = `${client.remoteAddress}:${client.remotePort}`;
    this.openedAtMs = openedAtMs;
    this.#client = client;
    this.#upstream = upstream;
    client.setNoDelay(true);
    let open = !upstream.connecting;
    upstream.once('connect', () => {
      open = true;
    });
    // Nobody is there. Before the flow hears of it, which would pass a reset on.
    upstream.on('error', () => {
      if (!open && !resetWhenRefused) this.destroy();
    });
    const end = { reset: () => this.reset(), close: (target: Socket) => this.#close(target) };
    this.#flows = {
      upstream: new Flow(client, upstream, end),
      downstream: new Flow(upstream, client, end, intake),
    };
    this.#flows.upstream.observe((bytes) => this.#hello.observe(bytes));
    let gone = false;
    const onClose = () => {
      // Both may be closed before either says so.
      if (gone || !client.closed || !upstream.closed) return;
      gone = true;
      for (const stream of streams) this.#flows[stream].discard();
      whenClosed();
    };
    client.on('close', onClose);
    upstream.on('close', onClose);
  }

  /** Begins to read, now that the toxics are in place. */
  start(): void {
    this.#client.resume();
  }

  get serverName(): string | undefined {
    return this.#hello.serverName;
  }

  get traffic(): Readonly<Record<Stream, Traffic>> {
    const of = (flow: Flow) => ({ received: flow.receivedBytes, sent: flow.sentBytes });
    return { upstream: of(this.#flows.upstream), downstream: of(this.#flows.downstream) };
  }

  /** Changes whenever somebody says something; undefined while the client waits for an answer. */
  get restingAt(): number | undefined {
    const { upstream, downstream } = this.#flows;
    return upstream.heardAt > downstream.heardAt ? undefined : downstream.heardAt;
  }

  /** Says good-bye to both sides; what was written still arrives. */
  end(): void {
    this.#client.destroySoon();
    this.#upstream.destroySoon();
  }

  infectedBy(toxic: Toxic): boolean {
    return this.#stages.has(toxic);
  }

  infect(toxic: Toxic, place: ToxicPlace, before: Readonly<Record<Stream, readonly Toxic[]>>): void {
    const makers = stageMakers(toxic, place);
    const present = this.#stages.get(toxic);
    const stages: Partial<Record<Stream, Stage>> = {};
    // The answers first: whoever reads the requests tells whoever reads the answers.
    for (const stream of ['downstream', 'upstream'] as const) {
      const make = makers[stream];
      if (!make) continue;
      const flow = this.#flows[stream];
      const stage = present?.[stream];
      const position = () => before[stream].filter((other) => this.#stages.get(other)?.[stream]).length;
      stages[stream] = stage ? flow.replace(stage, make) : flow.add(make, position());
    }
    this.#stages.set(toxic, stages);
  }

  cure(toxic: Toxic, removed: boolean): void {
    const stages = this.#stages.get(toxic);
    this.#stages.delete(toxic);
    for (const stream of streams) {
      const stage = stages?.[stream];
      if (stage) this.#flows[stream].remove(stage, removed);
    }
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** Breaks it; both ends see a reset. */
  reset(): void {
    resetNow(this.#client);
    resetNow(this.#upstream);
  }

  /** Takes nothing more over; what has been written to the target still goes. */
  #close(target: Socket): void {
    for (const stream of streams) this.#flows[stream].discard();
    for (const socket of [this.#client, this.#upstream]) {
      if (socket.connecting) socket.destroy();
      socket.end();
      socket.setTimeout(lingerMs, () => socket.destroy());
    }
    const other = target === this.#client ? this.#upstream : this.#client;
    other.destroySoon();
  }
}

function stageMakers(
  { type, stream, attributes }: Toxic,
  place: ToxicPlace,
): Partial<Record<Stream, (next: Taker) => Stage>> {
  if (type.stages) return type.stages(attributes, place);
  return { [stream]: (next: Taker) => type.stage!(attributes, place, next) };
}
