import type { Stream, Toxic, ToxicPlace } from './toxic.ts';

/** Bytes through a proxy, of all its connections or of one. */
export interface Traffic {
  received: number;
  sent: number;
}

export type TrafficByStream = Readonly<Record<Stream, Traffic>>;

/** A TCP connection or a UDP session through a proxy, as its toxics see it. */
export interface Connection {
  /** The first is 1. */
  readonly number: number;
  /** host:port. */
  readonly client: string;
  readonly openedAtMs: number;
  /** What a TLS client has asked for. */
  readonly serverName: string | undefined;
  readonly traffic: TrafficByStream;
  /**
   * Lets a toxic act here, anew when it does already. `before` says which toxics stand before it in each direction.
   */
  infect(toxic: Toxic, place: ToxicPlace, before: Readonly<Record<Stream, readonly Toxic[]>>): void;
  /** Ends what the toxic does here, if it does; `removed` is false when the toxic itself stays. */
  cure(toxic: Toxic, removed: boolean): void;
  infectedBy(toxic: Toxic): boolean;
  destroy(): void;
}
