// What a toxic is, and what a type of toxic has to say. Names, fields and defaults are those of toxiproxy.
// https://github.com/Shopify/toxiproxy#toxic-fields

import type { z } from 'zod';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Budget, Stage, Taker } from './pipe.ts';

export type Protocol = 'tcp' | 'udp';

/** `upstream` is from the client to the upstream, `downstream` the answers. */
export type Stream = 'upstream' | 'downstream';

/** A toxic on a proxy, with the settings that it has now. */
export interface Toxic {
  readonly name: string;
  readonly type: ToxicType;
  readonly stream: Stream;
  /** The share of connections that it acts on, 0 to 1. */
  readonly toxicity: number;
  readonly attributes: object;
}

/** Where a toxic acts: one connection, and what there is to act with. */
export interface ToxicPlace {
  readonly clock: Clock;
  readonly random: Random;
  readonly budget: Budget;
  /** What the toxic remembers of this connection, also when its settings change. */
  readonly memory: ToxicMemory;
}

export interface ToxicMemory {
  passedBytes: number;
}

export interface ToxicType<A extends object = object> {
  readonly name: string;
  /** What its attributes may be, with their defaults. Unknown ones are left out, as toxiproxy does. */
  readonly schema: z.ZodType<A>;
  /** On a TCP connection, in the direction of the toxic. */
  stage?(attributes: A, place: ToxicPlace, next: Taker): Stage;
  /** On a TCP connection, in both directions, where one needs to know of the other. */
  stages?(attributes: A, place: ToxicPlace): StagePair;
  /** On the datagrams of a UDP session, in the direction of the toxic. */
  datagrams?(attributes: A, place: ToxicPlace): DatagramStage;
}

export type StagePair = Readonly<Record<Stream, (next: Taker) => Stage>>;

export interface DatagramStage {
  /** Calls `pass` for each datagram that goes on: never, once or more often, now or later. */
  take(datagram: Buffer, pass: (datagram: Buffer) => void): void;
  /** What waits goes on at once. */
  release(): void;
}
