// The journal: one file a lease, in one folder a machine. A lease is on disk before its fault begins and stays there
// as `undone` for a while, so that `firedrill undo` can tell what happened. `orphaned` is never written: it is what
// an active lease is when nobody is left to undo it, and is found out at each reading.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Diagnostic, UserError } from '../../base/diagnostics.ts';
import { contentsKeptMs, holdsContents, withoutContents } from './contents.ts';
import type { Lease, UndoStep } from './lease.ts';
import { parseLease, printLease } from './lease-file.ts';
import { isAwake, type RunRecord, RunRegistry, runIdPattern, type Surroundings } from './runs.ts';
import { listJson, readOwn, removeTornWrites, writeDurably } from './state-folder.ts';

export interface JournalListing {
  /** In the order of their ids. */
  readonly leases: readonly Lease[];
  /** Files that could not be read as a lease; never a reason to stop. */
  readonly problems: readonly Diagnostic[];
}

/** Undone leases are kept for a week, and never more than the newest 200. */
const keptMsMax = 7 * 86_400_000;
const keptMax = 200;

/** The lease was undone by somebody else meanwhile (it expired, or its runner seemed dead): nothing may be added. */
export class LeaseEndedError extends Error {
  constructor(lease: Lease) {
    super(`lease ${lease.id} is ${lease.state}${lease.reason ? `: ${lease.reason}` : ''}`);
    this.name = 'LeaseEndedError';
  }
}

export class Journal {
  readonly around: Surroundings;
  readonly runs: RunRegistry;
  readonly #folder: string;
  /** Changes of this process happen one after the other, so that none is lost. */
  #lastChange: Promise<unknown> = Promise.resolve();

  constructor(around: Surroundings) {
    this.around = around;
    this.runs = new RunRegistry(around);
    this.#folder = join(around.state, 'leases');
  }

  /** On disk when it resolves; FD601 when that is not possible, and then nothing may be injected. */
  async open(lease: Lease): Promise<void> {
    if (!runIdPattern.test(lease.id)) throw new Error(`not a lease id: ${lease.id}`);
    await this.#inTurn(() => this.#write(lease));
  }

  /** Adds steps that the lease does not have yet. Throws LeaseEndedError when it is no longer active. */
  async extend(id: string, steps: readonly UndoStep[]): Promise<void> {
    await this.#inTurn(async () => {
      const lease = await this.#mustRead(id);
      if (lease.state !== 'active') throw new LeaseEndedError(lease);
      const present = new Set(lease.undo.map((step) => JSON.stringify(step)));
      const added = steps.filter((step) => !present.has(JSON.stringify(step)));
      if (added.length > 0) await this.#write({ ...lease, undo: [...lease.undo, ...added] });
    });
  }

  async settle(id: string, state: 'undone' | 'stuck', reason?: string): Promise<void> {
    await this.#inTurn(async () => {
      const { reason: before, ...lease } = await this.#mustRead(id);
      const because = reason ?? (state === lease.state ? before : undefined);
      const undo = state === 'undone' ? withoutContents(lease.undo) : lease.undo;
      await this.#write({ ...lease, undo, state, ...(because === undefined ? {} : { reason: because }) });
    });
  }

  /** The lease as it is on disk; undefined when there is none, or it cannot be read. */
  async read(id: string): Promise<Lease | undefined> {
    const text = await readOwn(this.#path(id), this.around.uid).catch(() => undefined);
    try {
      return text === undefined ? undefined : parseLease(text);
    } catch {
      return undefined;
    }
  }

  /** Every lease, or those of one run. */
  async list(run?: string): Promise<JournalListing> {
    const names = (await listJson(this.#folder)).filter(
      (name) => run === undefined || name.startsWith(`${run}.`),
    );
    const records = new Map((await this.runs.all()).map((record) => [record.run, record]));
    const leases: Lease[] = [];
    const problems: Diagnostic[] = [];
    for (const name of names) {
      const path = join(this.#folder, name);
      try {
        const text = await readOwn(path, this.around.uid);
        if (text === undefined) continue;
        const lease = parseLease(text);
        if (run === undefined || lease.run === run)
          leases.push(this.#withState(lease, records.get(lease.run)));
      } catch (error) {
        problems.push(damaged(path, (error as Error).message));
      }
    }
    return { leases, problems };
  }

  /** Whether anyone is there and awake to undo it: the process that opened it, or its run's watchdog. */
  isAttended(lease: Lease, record: RunRecord | undefined): boolean {
    const { boot } = this.around;
    if (lease.owner.bootId === boot.id && isAwake(lease.owner, lease.owner.pidNamespace)) return true;
    if (record?.bootId !== boot.id || record.watchdog === undefined) return false;
    return isAwake(record.watchdog, record.pidNamespace);
  }

  /** Removes undone leases that are old or too many, files in leases that ended long ago, and what the dead left. */
  async prune(nowMs: number): Promise<void> {
    const { leases } = await this.list();
    const undone = leases.filter((lease) => lease.state === 'undone');
    undone.sort((a, b) => b.createdAt - a.createdAt);
    const old = undone.filter((lease, index) => index >= keptMax || nowMs - lease.createdAt > keptMsMax);
    for (const lease of old) await rm(this.#path(lease.id), { force: true });
    for (const lease of leases.filter(holdsContents))
      if (lease.state === 'stuck' && nowMs > lease.expiresAt + contentsKeptMs)
        await this.#inTurn(() => this.#write({ ...lease, undo: withoutContents(lease.undo) }));
    await this.removeTorn();
    const needed = new Set(leases.filter((lease) => lease.state !== 'undone').map((lease) => lease.run));
    const live = new Set((await this.runs.live()).map((record) => record.run));
    for (const { run } of await this.runs.all())
      if (!needed.has(run) && !live.has(run)) await this.runs.remove(run);
  }

  /** Removes what writers left that died while they were writing; no lease and no record of a run is in it. */
  async removeTorn(): Promise<void> {
    for (const folder of [this.#folder, this.runs.folder]) await removeTornWrites(folder);
  }

  #withState(lease: Lease, record: RunRecord | undefined): Lease {
    if (lease.state !== 'active' || this.isAttended(lease, record)) return lease;
    return { ...lease, state: 'orphaned' };
  }

  async #mustRead(id: string): Promise<Lease> {
    const lease = await this.read(id);
    if (!lease) throw UserError.of('FD602', `lease ${id} has vanished from ${this.#folder}`);
    return lease;
  }

  #write(lease: Lease): Promise<void> {
    return writeDurably(this.#folder, `${lease.id}.json`, printLease(lease));
  }

  #path(id: string): string {
    return join(this.#folder, `${id}.json`);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#lastChange.then(change);
    this.#lastChange = turn.catch(() => {});
    return turn;
  }
}

function damaged(path: string, reason: string): Diagnostic {
  return {
    code: 'FD602',
    severity: 'warning',
    message: `cannot read a lease from ${path}: ${reason}`,
  };
}
