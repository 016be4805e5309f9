// The toxics of a proxy, and which of its connections each acts on. A toxic acts on a connection wholly or not at all:
// that is drawn when the two meet, and again when the toxic's settings change.

import type { Clock } from '../../base/clock.ts';
import { derivedSeed, type Random, seededRandom } from '../../base/random.ts';
import type { Connection } from './connection.ts';
import type { Budget } from './pipe.ts';
import type { Stream, Toxic, ToxicMemory, ToxicType } from './toxic.ts';

export interface ToxicSettings {
  readonly name: string;
  readonly type: ToxicType;
  readonly stream: Stream;
  readonly toxicity: number;
  readonly attributes: object;
  /** Milliseconds after which the toxic is removed; it stays without. */
  readonly ttlMs?: number | undefined;
}

/** What changes; the rest stays as it is. A time to live begins anew, and ends with 0. */
export type ToxicChange = Partial<Pick<ToxicSettings, 'toxicity' | 'attributes' | 'ttlMs'>>;

/** A toxic as it is now. */
export interface ActiveToxic extends Toxic {
  readonly ttlMs: number | undefined;
  /** When its time to live is over. */
  readonly endsAtMs: number | undefined;
}

interface State extends ActiveToxic {
  toxicity: number;
  attributes: object;
  ttlMs: number | undefined;
  endsAtMs: number | undefined;
  readonly draw: Random;
  readonly memories: WeakMap<Connection, ToxicMemory>;
  /** How often its settings have changed. */
  changes: number;
  life: AbortController;
}

export interface ChainSurroundings {
  readonly clock: Clock;
  readonly seed: number;
  readonly budget: Budget;
}

export class ToxicChain {
  readonly #surroundings: ChainSurroundings;
  readonly #connections = new Set<Connection>();
  #toxics: State[] = [];
  #added = 0;

  constructor(surroundings: ChainSurroundings) {
    this.#surroundings = surroundings;
  }

  /** Those of the upstream direction first, each in the order in which they act. */
  get toxics(): readonly ActiveToxic[] {
    return (['upstream', 'downstream'] as const).flatMap((stream) =>
      this.#toxics.filter((toxic) => toxic.stream === stream),
    );
  }

  get connections(): readonly Connection[] {
    return [...this.#connections];
  }

  find(name: string): ActiveToxic | undefined {
    return this.#find(name);
  }

  /** Behind those that are there, on every connection. The name must be free. */
  add({ ttlMs, ...settings }: ToxicSettings): ActiveToxic {
    if (this.#find(settings.name)) throw new Error(`there is a toxic ${settings.name} already`);
    const { seed } = this.#surroundings;
    const toxic: State = {
      ...settings,
      ...{ ttlMs: undefined, endsAtMs: undefined, changes: 0, life: new AbortController() },
      draw: seededRandom(derivedSeed(seed, settings.name, this.#added++)),
      memories: new WeakMap(),
    };
    this.#toxics.push(toxic);
    for (const connection of this.#connections) this.#meet(toxic, connection);
    this.#live(toxic, ttlMs);
    return toxic;
  }

  update(name: string, { toxicity, attributes, ttlMs }: ToxicChange): ActiveToxic | undefined {
    const toxic = this.#find(name);
    if (!toxic) return undefined;
    toxic.toxicity = toxicity ?? toxic.toxicity;
    toxic.attributes = attributes ?? toxic.attributes;
    toxic.changes++;
    for (const connection of this.#connections) this.#meet(toxic, connection);
    if (ttlMs !== undefined) this.#live(toxic, ttlMs);
    return toxic;
  }

  /** False when there is none of this name. */
  remove(name: string): boolean {
    const toxic = this.#find(name);
    if (toxic) this.#remove(toxic);
    return toxic !== undefined;
  }

  clear(): void {
    for (const toxic of this.#toxics) this.#remove(toxic);
  }

  /** A connection begins. */
  join(connection: Connection): void {
    this.#connections.add(connection);
    for (const toxic of this.#toxics) this.#meet(toxic, connection);
  }

  /** The connection is closed. */
  leave(connection: Connection): void {
    this.#connections.delete(connection);
  }

  #find(name: string): State | undefined {
    return this.#toxics.find((toxic) => toxic.name === name);
  }

  #meet(toxic: State, connection: Connection): void {
    if (toxic.draw() >= toxic.toxicity) {
      connection.cure(toxic, false);
      return;
    }
    const { clock, budget, seed } = this.#surroundings;
    const random = seededRandom(derivedSeed(seed, toxic.name, connection.number, toxic.changes));
    let memory = toxic.memories.get(connection);
    if (!memory) {
      memory = { passedBytes: 0 };
      toxic.memories.set(connection, memory);
    }
    connection.infect(toxic, { clock, budget, random, memory }, this.#before(toxic));
  }

  /**
   * Toxics act in the order in which they came. Those that read both directions lie around what is behind them, like
   * the skins of an onion, so that each sees the answers to the requests that it has let pass: theirs come first in the
   * downstream direction, the last one foremost.
   */
  #before(toxic: State): Readonly<Record<Stream, readonly Toxic[]>> {
    const at = this.#toxics.indexOf(toxic);
    const pairs = this.#toxics.filter(({ type }) => type.stages);
    const singles = this.#toxics.filter(({ type }) => !type.stages);
    const downstream = [...pairs.reverse(), ...singles];
    return {
      upstream: this.#toxics.slice(0, at),
      downstream: downstream.slice(0, downstream.indexOf(toxic)),
    };
  }

  #live(toxic: State, ttlMs: number | undefined): void {
    toxic.life.abort();
    toxic.life = new AbortController();
    const { clock } = this.#surroundings;
    const { signal } = toxic.life;
    toxic.ttlMs = ttlMs || undefined;
    toxic.endsAtMs = toxic.ttlMs && clock.now() + toxic.ttlMs;
    if (!toxic.ttlMs) return;
    void clock.sleep(toxic.ttlMs, signal).then(() => {
      if (!signal.aborted) this.#remove(toxic);
    });
  }

  #remove(toxic: State): void {
    toxic.life.abort();
    this.#toxics = this.#toxics.filter((other) => other !== toxic);
    for (const connection of this.#connections) connection.cure(toxic, true);
  }
}
