// A fault is a lease: before anything changes, a record of how to take it back is on disk. What is in `undo` can be
// carried out by any process of ours (the watchdog, `firedrill undo`), in order, more than once, without harm.

import type { HttpClientSpec } from '../../telemetry/http-client-spec.ts';
import type { Endpoint, ResourceUpdate } from '../targets/container/engine.ts';
import type { ContainerId, ProcessId } from '../targets/target.ts';
import type { DeleteQdisc } from './steps/delete-qdisc.ts';
import type { RestoreFile } from './steps/restore-file.ts';

type LeaseState = 'active' | 'orphaned' | 'undone' | 'stuck';

export interface Lease {
  readonly id: string;
  readonly run: string;
  /** Name of the fault, or `target` for the life of a target that we started. */
  readonly fault: string;
  readonly target: string;
  readonly state: LeaseState;
  /** Unix milliseconds, for people. */
  readonly createdAt: number;
  /** Milliseconds of boot time (CLOCK_BOOTTIME, which counts sleep) when the watchdog undoes it without being asked. */
  readonly expiresAtBootMs: number;
  /** The same as Unix milliseconds, as it was computed at creation, for people. */
  readonly expiresAt: number;
  /**
   * The runner: after another start of the machine (`bootId`) pids mean nothing, in another pid namespace something
   * else. Every process of the lease is written as the owner knows it.
   */
  readonly owner: ProcessId & {
    readonly bootId: string;
    /** Undefined in leases of earlier versions. */
    readonly pidNamespace?: number | undefined;
  };
  readonly undo: readonly UndoStep[];
  /** Processes of a target that we did not start: no second run may act on them while this lease lasts. */
  readonly processes?: readonly ProcessId[];
  /** Why the watchdog undid it, or what is left of it. */
  readonly reason?: string;
}

/** Each step is idempotent and checks that it still means the same process or object before it acts. */
export type UndoStep =
  /** Continue a process that we stopped. */
  | { readonly type: 'continue'; readonly process: ProcessId }
  /** End a process and its descendants. */
  | { readonly type: 'end-tree'; readonly process: ProcessId }
  /** End every process whose environment carries FIREDRILL_MARK=mark: what we started, however it forked. */
  | { readonly type: 'end-marked'; readonly mark: string }
  /** Take away what covers a folder in the mount namespace of a process; `before`: mounts there before ours. */
  | {
      readonly type: 'unmount';
      readonly process: ProcessId;
      readonly path: string;
      readonly before: number;
    }
  /** Give a process back the limit of open files that it had. */
  | {
      readonly type: 'open-files';
      readonly process: ProcessId;
      readonly limited: number;
      readonly former: number;
    }
  /** Put back a file that a fault removed, changed or locked. */
  | ({ readonly type: 'restore-file' } & RestoreFile)
  /** Remove a file or folder of ours. */
  | { readonly type: 'remove'; readonly path: string }
  /** Move a process back to the control group that it came from, and remove ours. */
  | {
      readonly type: 'leave-cgroup';
      readonly path: string;
      readonly origin: string;
      /** This fault froze it: it is thawed also when another fault keeps the group. */
      readonly frozen?: true;
    }
  /** Take a queueing discipline of ours from a network device. */
  | DeleteQdisc
  /** End the silences of a run on a real Alertmanager. `http` names secrets only by their files. */
  | {
      readonly type: 'end-silence';
      readonly url: string;
      readonly http: HttpClientSpec;
      readonly run: string;
    }
  /** Let a container go on that we paused. */
  | { readonly type: 'container-unpause'; readonly container: ContainerId }
  /** Start a container that we stop; `startedAt` is how its engine calls the life that ends, within `graceSeconds`. */
  | {
      readonly type: 'container-start';
      readonly container: ContainerId;
      readonly startedAt: string;
      readonly graceSeconds: number;
    }
  /** Attach a container to a network again, as it was. */
  | {
      readonly type: 'container-connect';
      readonly container: ContainerId;
      readonly network: string;
      readonly endpoint: Endpoint;
    }
  /** Give a container the limits back that it had. */
  | {
      readonly type: 'container-update';
      readonly container: ContainerId;
      readonly resources: ResourceUpdate;
    }
  /** Write the former value into a file of a container's control group. */
  | {
      readonly type: 'container-group';
      readonly container: ContainerId;
      /** Absolute path; it holds the container's id. */
      readonly path: string;
      readonly value: string;
    }
  /** For a person, whom the file tells how; done when the file is removed. */
  | { readonly type: 'by-hand'; readonly what: string; readonly file: string }
  /** Lives inside the owner and is gone with it (a switch in our DNS server or proxy): done when the owner is dead. */
  | { readonly type: 'ends-with-owner'; readonly what: string };
