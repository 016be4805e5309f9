// A target is what may be broken. Faults ask it for its processes (or, for a proxy, its links) at the moment when
// they act, because processes fork, die and are replaced meanwhile. A container is asked for through its engine.

import type { LabelRecord } from '../../base/labels.ts';
import type { ContainerEngine, InspectedContainer } from './container/engine.ts';

/** A process that cannot be confused with a later one of the same pid: startTime is field 22 of /proc/PID/stat. */
export interface ProcessId {
  readonly pid: number;
  readonly startTime: number;
}

interface TargetBase {
  readonly name: string;
  readonly namespace: string;
  readonly labels: LabelRecord;
  /** One line for the plan: what it is now, with pids. */
  describe(): Promise<string>;
}

export interface ProcessTargetHandle extends TargetBase {
  readonly type: 'process';
  /** Whether Firedrill started it (and therefore ends it, and may change how it starts). */
  readonly started: boolean;
  /** Every live process of the target, parents before children. */
  processes(): Promise<ProcessId[]>;
  /** Only with `started`: told before a fault kills it, so that the exit counts as expected. */
  expectExit?(): void;
  /**
   * Only with `started`: ends it gracefully and starts it again, with these variables in place of its own (undefined: none)
   * until it is called again. Says why it is not ready then, when it is not.
   */
  restart?(changes: Readonly<Record<string, string | undefined>>): Promise<string | undefined>;
}

export interface ProxyTargetHandle extends TargetBase {
  readonly type: 'proxy';
  /** host:port that it listens on (after port 0 was resolved), once started. */
  readonly address: string;
  /** Adds a disturbance to every connection, old and new, and returns what takes it away again. */
  disturb(disturbance: Disturbance): Promise<ActiveDisturbance>;
}

/** A container, for whoever finds it again later: undo steps carry this. */
export interface ContainerId {
  /** Absolute path of the engine's unix socket. */
  readonly socket: string;
  readonly runtime: 'docker' | 'podman';
  /** The whole id; it stays when the container is started again. */
  readonly id: string;
  /** For people. */
  readonly name: string;
}

export interface ContainerTargetHandle extends TargetBase {
  readonly type: 'container';
  readonly container: ContainerId;
  readonly engine: ContainerEngine;
  /** As it is now; undefined when it is gone. */
  inspect(): Promise<InspectedContainer | undefined>;
  /** Its processes, the first one first; none when it does not run or they cannot be seen from here. */
  processes(): Promise<ProcessId[]>;
}

/** The machine itself. */
export interface HostTargetHandle extends TargetBase {
  readonly type: 'host';
  /** None: no single process is meant. */
  processes(): Promise<ProcessId[]>;
  /** Process 1, which a lease holds for the machine, so that no second run acts on it. */
  standIn(): ProcessId[];
}

export interface ActiveDisturbance {
  /** Bytes (delay, loss, bandwidth) or connections (partition, reset) that it affected so far. */
  hits(): number;
  /** Whether it acts on what passes: it was not removed, and the proxy listens. */
  inPlace(): boolean;
  /** Returns when the last delayed byte has been passed on in order; idempotent. */
  remove(): Promise<void>;
}

export type Direction = 'to' | 'from' | 'both';

/** `to` is from the client to the upstream, `from` the answers. */
export type Disturbance =
  | {
      readonly type: 'delay';
      readonly direction: Direction;
      readonly latencyMs: number;
      readonly jitterMs: number;
    }
  | { readonly type: 'bandwidth'; readonly direction: Direction; readonly bytesPerSecond: number }
  /** That share, 0 to 1, of the segments of a stream comes late, as after a loss. */
  | { readonly type: 'loss'; readonly direction: Direction; readonly share: number }
  | { readonly type: 'partition'; readonly direction: Direction }
  /** Connections are broken, open ones at once and new ones as they come. */
  | { readonly type: 'reset' };

export type TargetHandle = ProcessTargetHandle | ProxyTargetHandle | ContainerTargetHandle | HostTargetHandle;

/** What a fault driver changes about how a command target is started, so that the fault can reach it later. */
export interface Launch {
  /** Put before the command: `['unshare', '-m', …, '--']`. */
  readonly prefix: readonly string[];
  readonly env: LabelRecord;
  /** Files that a process started in this way leaves when it is killed; they go with the target. */
  residue?(pid: number): readonly string[];
}
