// The interface of the fault library: a kind is a schema and a list of drivers, best first; a driver says whether it
// can work here, what it will do and how it is undone, and does it. Everything else is an optional capability.

import type { z } from 'zod';
import type { ErrorCode } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { UndoStep } from './leases/lease.ts';
import type { PeerSelection } from './select.ts';
import type { ContainerTarget, HostTarget, ProcessTarget, ProxyTarget } from './targets/declaration.ts';
import type { Launch, TargetHandle } from './targets/target.ts';

export interface FaultKind<Spec = unknown> {
  /** Chaos Mesh's kind. */
  readonly kind: string;
  /** The kind's own fields (everything in `spec` but mode, value, selector and duration). */
  readonly schema: z.ZodType<Spec>;
  /** One-shot faults have no duration and no undo: recovery is the system's own task. */
  isOneShot(spec: Spec): boolean;
  /** The other targets that a fault is about (the far side of a line), when it names any. */
  peers?(spec: Spec): PeerSelection | undefined;
  /** What speaks against it on the machine itself. A kind without this never acts there, and may say why. */
  onHost?(spec: Spec): readonly HostRefusal[];
  readonly whyNotOnHost?: string;
  readonly drivers: readonly FaultDriver<Spec>[];
}

export interface HostRefusal {
  readonly code: ErrorCode;
  readonly message: string;
}

/** One fault on one target. */
export interface FaultRequest<Spec = unknown> {
  readonly name: string;
  readonly kind: string;
  readonly spec: Spec;
  /** Undefined for a one-shot fault. */
  readonly durationMs: number | undefined;
  readonly target: TargetHandle;
  /** What the kind's `peers` chose, when it chose. */
  readonly peers?: readonly TargetHandle[];
  /** How the target is declared in the experiment, for drivers that must know before it is started. */
  readonly declared: ProcessTarget | ProxyTarget | ContainerTarget | HostTarget;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly random: Random;
  /** A private folder for this fault's files; removed with its lease. */
  readonly scratchFolder: string;
  /** Of the experiment's file: relative paths in the spec are relative to it. Default: the current folder. */
  readonly folder?: string;
}

/** What this machine lets us do; found once by trying, passed in so that tests can take rights away. */
export interface Machine {
  readonly uid: number;
  /** Root with the right to mount in a namespace of its own. */
  readonly canMount: boolean;
  /** A user namespace with mount and network namespaces in it, without root. */
  readonly canUserNamespace: boolean;
  readonly stressNg: string | undefined;
}

export type Usability =
  | { readonly usable: true }
  | {
      readonly usable: false;
      readonly reason: string;
      readonly remedy: string;
      /** The driver is for another kind of target or action: not worth telling when one for these works. */
      readonly otherTarget?: true;
    };

/** What the plan and the dry run show. */
export interface DriverPlan {
  /** `refuses look-ups of *.example.test for 30s`. */
  readonly what: string;
  /** `answers from 127.0.0.53, in the target's own mount namespace`. */
  readonly how: string;
  readonly undo: string;
  /** What stays for how long when every process of ours is killed. */
  readonly survivesCrash: string;
  /** What one hit is: `look-ups refused`; undefined when hits cannot be counted. */
  readonly hits: string | undefined;
}

export interface FaultDriver<Spec = unknown> {
  readonly name: string;
  /** What it can act on at all; it is not tried on anything else. Default: processes and proxies. */
  readonly targets?: readonly TargetHandle['type'][];
  /** Tries what it needs; leaves nothing behind. */
  probe(request: FaultRequest<Spec>): Promise<Usability>;
  plan(request: FaultRequest<Spec>): DriverPlan;
  /** Before a command target starts: servers that must be up, and how the command is started. */
  prepare?(request: FaultRequest<Spec>): Promise<PreparedFault>;
  /** What it takes for itself alone while it acts; two faults of a run that take the same are refused. */
  takes?(request: FaultRequest<Spec>): Promise<readonly TakenAlone[]>;
  /** Milliseconds that `inject` itself may take (a grace period); the lease lasts that much longer. Default: 0. */
  injectMs?(request: FaultRequest<Spec>): number;
  /** The steps that another process can take; on disk before `inject` is called. May look at the target. */
  undoSteps(request: FaultRequest<Spec>): Promise<readonly UndoStep[]>;
  /** `extend` adds steps to the lease, on disk before it returns: for what is only known while injecting. */
  inject(
    request: FaultRequest<Spec>,
    prepared: PreparedFault | undefined,
    extend: ExtendLease,
  ): Promise<ActiveFault>;
}

export interface TakenAlone {
  /** `the queueing discipline of eth0`, the same words for the same thing. */
  readonly what: string;
  /** Faults whose drivers say the same here share it; none does without. */
  readonly sharedBy?: string;
}

export type ExtendLease = (steps: readonly UndoStep[]) => Promise<void>;

export interface PreparedFault {
  readonly launch: Launch;
  /** After the run: stop servers, remove files. Idempotent. */
  close(): Promise<void>;
}

export interface ActiveFault {
  /** Hits where the fault acts, so far; undefined when it cannot be counted. */
  hits(): number | undefined;
  /** Reads the state back: undefined when the fault is in place, else why it is not. */
  missing(): Promise<string | undefined>;
  /** Idempotent. */
  undo(): Promise<void>;
  /** What showed that it is gone (`state of pid 12 is S`), or what is left; after `undo`. */
  verifyUndone(): Promise<
    | { readonly undone: true; readonly evidence: string }
    | { readonly undone: false; readonly left: readonly string[] }
  >;
}
