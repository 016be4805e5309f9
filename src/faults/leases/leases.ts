// The runner's side of the leases: no fault without a record on disk and a watchdog that is alive.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { identify } from '../targets/process/proc.ts';
import type { ProcessId } from '../targets/target.ts';
import { conflicting } from './conflict.ts';
import type { Journal } from './journal.ts';
import type { Lease, UndoStep } from './lease.ts';
import { ownPidNamespace } from './pid-namespace.ts';
import { WatchdogLink } from './watchdog-link.ts';

export interface LeasesOptions {
  readonly journal: Journal;
  readonly run: string;
  /** Absolute path of the run folder. */
  readonly runFolder: string;
  readonly clock: Clock;
  /** Program and arguments of the watchdog; its order is added as the last argument. */
  readonly watchdogCommand: readonly string[];
  /** No watchdog could be had any more: the run must undo everything and stop. */
  onWatchdogLost(reason: string): void;
  /** The watchdog found a lease over its time and undid it: its fault is gone, or about to be. */
  onExpired(lease: string): void;
  /** Silence after which the watchdog ends a runner that does not work (default 5 s) or that does (30 s). */
  readonly hungAfterMs?: number;
  readonly busyAfterMs?: number;
}

export interface OpenLease {
  /** Name of the fault; `target` for the life of a target that we start. */
  readonly fault: string;
  readonly target: string;
  readonly undo: readonly UndoStep[];
  readonly expiresInMs: number;
  /** Processes of a target that we did not start: FD604 if another run holds one of them. */
  readonly processes?: readonly ProcessId[];
}

export interface LeaseHandle {
  readonly id: string;
  /** On disk when it resolves. Throws LeaseEndedError when the lease is over: then nothing more may be done. */
  extend(steps: readonly UndoStep[]): Promise<void>;
  settle(state: 'undone' | 'stuck', reason?: string): Promise<void>;
}

const replacementsMax = 10;

export class Leases {
  readonly #options: LeasesOptions;
  #watchdog: Promise<WatchdogLink> | undefined;
  #replacements = 0;
  #count = 0;
  readonly #open = new Set<string>();
  #isClosing = false;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Resolves when the watchdog is ready and the run is on record; only then may leases be opened. */
  async start(): Promise<void> {
    const { journal, clock } = this.#options;
    await journal.prune(clock.now());
    this.#watchdog = this.#startWatchdog();
    await this.#watchdog;
  }

  async open({ fault, target, undo, expiresInMs, processes }: OpenLease): Promise<LeaseHandle> {
    const { journal, run, clock } = this.#options;
    if (!this.#watchdog) throw new Error('leases are opened after start and before close');
    await this.#watchdog;
    const { boot } = journal.around;
    const now = clock.now();
    const lease: Lease = {
      id: `${run}.${String(++this.#count).padStart(3, '0')}`,
      run,
      fault,
      target,
      state: 'active',
      createdAt: Math.round(now),
      expiresAtBootMs: Math.round(boot.nowMs() + expiresInMs),
      expiresAt: Math.round(now + expiresInMs),
      owner: { ...self(), bootId: boot.id, pidNamespace: ownPidNamespace() },
      undo,
      ...(processes ? { processes } : {}),
    };
    await journal.open(lease);
    this.#open.add(lease.id);
    if (processes) await this.#refuseConflict(lease.id, processes, target);
    return {
      id: lease.id,
      extend: (steps) => this.#extend(lease.id, steps),
      settle: (state, reason) => this.#settle(lease.id, state, reason),
    };
  }

  /** Everything is undone and settled: sends the watchdog away. With an open lease it stays until we are gone. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const watchdog = await this.#watchdog?.catch(() => undefined);
    this.#watchdog = undefined;
    if (this.#open.size > 0) {
      watchdog?.release();
      return;
    }
    await watchdog?.goodbye();
    await this.#options.journal.runs.remove(this.#options.run);
  }

  async #extend(id: string, steps: readonly UndoStep[]): Promise<void> {
    if (!this.#open.has(id)) throw new Error(`lease ${id} was settled before`);
    await this.#options.journal.extend(id, steps);
  }

  async #settle(id: string, state: 'undone' | 'stuck', reason: string | undefined): Promise<void> {
    await this.#options.journal.settle(id, state, reason);
    this.#open.delete(id);
  }

  // Written first and compared then: of two runs that begin at the same moment at least one sees the other.
  async #refuseConflict(id: string, processes: readonly ProcessId[], target: string): Promise<void> {
    const { journal, run } = this.#options;
    const others = (await journal.list()).leases.filter((lease) => lease.run !== run);
    const holder = conflicting(others, processes, journal.around.boot)[0];
    if (!holder) return;
    await this.#settle(id, 'undone', `refused: ${holder.run} has it`);
    throw UserError.of(
      'FD604',
      `target ${target} is held by run ${holder.run} (lease ${holder.id}, ${holder.state})`,
      holder.state === 'active'
        ? {}
        : { hint: 'That run has died; `firedrill undo` takes back what it left.' },
    );
  }

  async #startWatchdog(): Promise<WatchdogLink> {
    const { journal, run, runFolder, clock, watchdogCommand, hungAfterMs, busyAfterMs } = this.#options;
    const runner = self();
    const order = {
      state: journal.around.state,
      run,
      runner,
      hungAfterMs: hungAfterMs ?? 5000,
      busyAfterMs: busyAfterMs ?? 30_000,
    };
    const link = await WatchdogLink.start(watchdogCommand, order, {
      lost: (reason) => this.#replaceWatchdog(reason),
      expired: (lease) => this.#options.onExpired(lease),
    });
    try {
      const bootId = journal.around.boot.id;
      await journal.runs.register({
        run,
        folder: runFolder,
        startedAt: Math.round(clock.now()),
        bootId,
        runner,
        pidNamespace: ownPidNamespace(),
        watchdog: link.id,
      });
    } catch (error) {
      await link.goodbye();
      throw error;
    }
    return link;
  }

  #replaceWatchdog(reason: string): void {
    if (this.#isClosing) return;
    this.#replacements++;
    this.#watchdog =
      this.#replacements <= replacementsMax
        ? this.#startWatchdog()
        : Promise.reject(
            UserError.of('FD603', `the watchdog was lost ${this.#replacements} times, at last: ${reason}`),
          );
    this.#watchdog.catch((error: Error) => {
      if (!this.#isClosing) this.#options.onWatchdogLost(error.message);
    });
  }
}

function self(): ProcessId {
  return identify(process.pid)!;
}
