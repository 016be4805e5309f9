// The connections through a proxy of ours, and the network faults on them. Faults add up in the order in which they
// were made.
//
// A partition is one of the network: no byte passes and none is lost. Open connections stall until it is over and go
// on; new ones are accepted by the kernel, as always, but not connected on before that. Only bytes are held, not the
// acknowledgements of TCP: in a one-way partition the other way stays open.

import type { Socket } from 'node:net';
import type { Clock } from '../../../base/clock.ts';
import type { Random } from '../../../base/random.ts';
import { resetNow } from '../../reset-now.ts';
import { ToxicChain } from '../../toxics/chain.ts';
import { Link } from '../../toxics/link.ts';
import type { Disturbance } from '../target.ts';
import { type Tally, toxicsOf } from './disturbance.ts';
import { holdBack } from './hold-back.ts';

const waitingBytesMax = 256 * 2 ** 20;
/** How long a connection has said nothing when it is taken to rest, and how long to wait for that. */
const restMs = 20;
const restPatienceMs = 1000;

/** One fault on all connections, until it is removed. */
export interface LinkDisturbance {
  hits(): number;
  isActive(): boolean;
  /** What it held has been passed on, in order, when it returns. Idempotent. */
  remove(): void;
}

/** What new connections meet before they are connected on. */
interface Gate {
  readonly tally: Tally;
  /** Undefined: they are reset. */
  readonly healed: Promise<void> | undefined;
  open(): void;
}

export class DisturbedLinks {
  readonly #clock: Clock;
  readonly #chain: ToxicChain;
  readonly #links = new Set<Link>();
  /** Not connected on yet. */
  readonly #waiting = new Set<Socket>();
  readonly #gates = new Set<Gate>();
  #count = 0;
  #disturbances = 0;

  /** `random` gives the seed of what is drawn. */
  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    const budget = { waitingBytes: 0, waitingBytesMax };
    this.#chain = new ToxicChain({ clock, seed: Math.floor(random() * 2 ** 32), budget });
  }

  /** Connections that are open or held. */
  get size(): number {
    return this.#links.size + this.#waiting.size;
  }

  /** Takes over a client's paused socket; `connect` makes the connection to the upstream when it may go on. */
  async admit(client: Socket, connect: () => Socket | Promise<Socket>): Promise<void> {
    client.on('error', () => {});
    this.#waiting.add(client);
    const upstream = (await this.#mayGoOn(client)) ? await connectedBy(connect) : undefined;
    this.#waiting.delete(client);
    if (upstream) this.#open(client, upstream);
    else if (!client.destroyed) resetNow(client);
  }

  disturb(what: Disturbance): LinkDisturbance {
    const tally: Tally = { hits: 0 };
    const number = ++this.#disturbances;
    const toxics = toxicsOf(what, tally).map(({ stream, type }) => {
      const name = `${type.name} ${number} ${stream}`;
      return this.#chain.add({ name, stream, type, toxicity: 1, attributes: {} });
    });
    const gate = gateOf(what, tally);
    if (gate) this.#gates.add(gate);
    if (what.type === 'reset') for (const link of this.#links) this.#reset(link, tally);
    let active = true;
    return {
      hits: () => tally.hits,
      isActive: () => active,
      remove: () => {
        active = false;
        if (gate) this.#gates.delete(gate);
        gate?.open();
        for (const { name } of toxics) this.#chain.remove(name);
      },
    };
  }

  /** Ends those that are open, each when its client waits for nothing and after a second in any case. */
  async endOpen(): Promise<void> {
    const old = new Set(this.#links);
    await this.#endWhenQuiet(() => [...old].filter((link) => this.#links.has(link)));
  }

  /** The same with all, also with those that are just being connected on. */
  async drain(): Promise<void> {
    await this.#endWhenQuiet(
      () => [...this.#links],
      () => this.#waiting.size > 0,
    );
  }

  async #endWhenQuiet(open: () => Link[], mayCome = () => false): Promise<void> {
    const seen = new Map<Link, number | undefined>();
    for (let waitedMs = 0; waitedMs <= restPatienceMs; waitedMs += restMs) {
      const left = open();
      if (left.length === 0 && !mayCome()) return;
      for (const link of left) {
        const { restingAt } = link;
        const rests = restingAt !== undefined && seen.get(link) === restingAt;
        if (rests || waitedMs + restMs > restPatienceMs) link.end();
        seen.set(link, restingAt);
      }
      await this.#clock.sleep(restMs);
    }
  }

  /** Closes every connection; idempotent. */
  close(): void {
    for (const link of this.#links) link.destroy();
    for (const client of this.#waiting) client.destroy();
    for (const gate of this.#gates) gate.open();
    this.#gates.clear();
  }

  async #mayGoOn(client: Socket): Promise<boolean> {
    for (;;) {
      const [gate] = this.#gates;
      if (!gate) return !client.destroyed;
      gate.tally.hits++;
      if (!gate.healed) {
        resetNow(client);
        return false;
      }
      if (!(await holdBack(client, gate.healed))) return false;
    }
  }

  #open(client: Socket, upstream: Socket): void {
    if (client.destroyed) {
      upstream.destroy();
      return;
    }
    const link = new Link({
      number: ++this.#count,
      client,
      upstream,
      openedAtMs: this.#clock.now(),
      resetWhenRefused: true,
      whenClosed: () => {
        this.#links.delete(link);
        this.#chain.leave(link);
      },
    });
    this.#links.add(link);
    this.#chain.join(link);
    // The fault may have come while the upstream was being connected to.
    const resets = [...this.#gates].find(({ healed }) => !healed);
    if (resets) this.#reset(link, resets.tally);
    else link.start();
  }

  #reset(link: Link, tally: Tally): void {
    tally.hits++;
    link.reset();
  }
}

/** Undefined when nobody is there. */
async function connectedBy(connect: () => Socket | Promise<Socket>): Promise<Socket | undefined> {
  try {
    return await connect();
  } catch {
    return undefined;
  }
}

function gateOf({ type }: Disturbance, tally: Tally): Gate | undefined {
  if (type === 'reset') return { tally, healed: undefined, open: () => {} };
  if (type !== 'partition') return undefined;
  const { promise, resolve } = withResolvers();
  return { tally, healed: promise, open: resolve };
}

function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
