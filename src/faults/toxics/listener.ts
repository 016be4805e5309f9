import type { Clock } from '../../base/clock.ts';
import type { HostPort } from '../targets/host-port.ts';
import type { ToxicChain } from './chain.ts';
import type { Traffic } from './connection.ts';
import type { Stream } from './toxic.ts';

/** What accepts the clients of a proxy and makes its connections. */
export interface Listener {
  /** Where it listens, after port 0 was resolved. Rejects with the error of the system. */
  start(): Promise<HostPort>;
  /** Closes every connection; idempotent. */
  stop(): Promise<void>;
}

export interface ListenerOptions {
  readonly listen: HostPort;
  readonly upstream: HostPort;
  readonly clock: Clock;
  readonly chain: ToxicChain;
  /** The first connection is 1. */
  nextNumber(): number;
  /** A connection is closed, and this is what went through it. */
  onClosed(traffic: Readonly<Record<Stream, Traffic>>): void;
}
