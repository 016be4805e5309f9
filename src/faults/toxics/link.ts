// One TCP connection through the proxy: the client's socket, ours to the upstream, and a flow each way.

import { connect, type Socket } from 'node:net';
import { resetNow } from '../reset-now.ts';
import type { HostPort } from '../targets/host-port.ts';
import { ClientHello } from './client-hello.ts';
import type { Connection, Traffic } from './connection.ts';
import { Flow } from './flow.ts';
import { Intake } from './intake.ts';
import type { Stage, Taker } from './pipe.ts';
import type { Stream, Toxic, ToxicPlace } from './toxic.ts';

/** How long a socket may take to send what is left, and its peer to end too, once the connection is closed by a toxic. */
const lingerMs = 1000;

const streams = ['upstream', 'downstream'] as const;

export class Link implements Connection {
  readonly number: number;
  readonly client: string;
  readonly openedAtMs: number;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #flows: Readonly<Record<Stream, Flow>>;
  readonly #stages = new Map<Toxic, Partial<Record<Stream, Stage>>>();
  readonly #hello = new ClientHello();

  /**
   * The client's socket comes paused; `whenClosed` is called when both sockets are. `readBytesMax` says how much one
   * read may take at a time.
   */
  constructor(
    number: number,
    client: Socket,
    upstream: HostPort,
    openedAtMs: number,
    readBytesMax: () => number,
    whenClosed: () => void,
  ) {
    this.number = number;
    this.client = `${client.remoteAddress}:${client.remotePort}`;
    this.openedAtMs = openedAtMs;
    this.#client = client;
    const intake = new Intake(readBytesMax);
    const options = { allowHalfOpen: true, noDelay: true, onread: intake.onread };
    this.#upstream = connect({ ...upstream, ...options });
    client.setNoDelay(true);
    let open = false;
    this.#upstream.once('connect', () => {
      open = true;
    });
    // Nobody is there: the client's connection ends, as it does with toxiproxy. Before the flow hears of it.
    this.#upstream.on('error', () => {
      if (!open) this.destroy();
    });
    const end = { reset: () => this.#reset(), close: (target: Socket) => this.#close(target) };
    this.#flows = {
      upstream: new Flow(client, this.#upstream, end),
      downstream: new Flow(this.#upstream, client, end, intake),
    };
    this.#flows.upstream.observe((bytes) => this.#hello.observe(bytes));
    let gone = false;
    const onClose = () => {
      // Both may be closed before either says so.
      if (gone || !client.closed || !this.#upstream.closed) return;
      gone = true;
      for (const stream of streams) this.#flows[stream].discard();
      whenClosed();
    };
    client.on('close', onClose);
    this.#upstream.on('close', onClose);
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

  #reset(): void {
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
