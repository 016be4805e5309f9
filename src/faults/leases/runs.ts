// The runs that are alive on this machine, one small file each: who carries a run out, who watches over it, and where
// its folder is. `firedrill stop` finds runs here, and a lease whose run has nobody left is an orphan.

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import { isStopped, statOf } from '../targets/process/proc.ts';
import { sendSignal } from '../targets/process/signal.ts';
import type { ProcessId } from '../targets/target.ts';
import type { Boot } from './boot.ts';
import { seenFromHere } from './pid-namespace.ts';
import { listJson, readOwn, writeDurably } from './state-folder.ts';

export interface RunRecord {
  readonly run: string;
  /** Absolute path of the run folder. */
  readonly folder: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly bootId: string;
  readonly runner: ProcessId;
  /** In which runner and watchdog have their pids; undefined in records of earlier versions. */
  readonly pidNamespace?: number | undefined;
  /** Undefined until the first watchdog is ready. */
  readonly watchdog?: ProcessId;
}

export interface Surroundings {
  /** The state folder. */
  readonly state: string;
  readonly uid: number;
  readonly boot: Boot;
}

/** What a run's id, and so a file's name, may consist of. */
export const runIdPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

const lookEveryMs = 50;

export class RunRegistry {
  readonly #around: Surroundings;
  readonly folder: string;

  constructor(around: Surroundings) {
    this.#around = around;
    this.folder = join(around.state, 'runs');
  }

  async register(record: RunRecord): Promise<void> {
    if (!runIdPattern.test(record.run)) throw new Error(`not a run id: ${record.run}`);
    await writeDurably(this.folder, `${record.run}.json`, `${JSON.stringify(record)}\n`);
  }

  async remove(run: string): Promise<void> {
    await rm(join(this.folder, `${run}.json`), { force: true });
  }

  async find(run: string): Promise<RunRecord | undefined> {
    const text = await readOwn(join(this.folder, `${run}.json`), this.#around.uid).catch(() => undefined);
    return text === undefined ? undefined : parseRecord(text);
  }

  /** Every run that is on record, those included whose runner is dead. */
  async all(): Promise<RunRecord[]> {
    const records: RunRecord[] = [];
    for (const name of await listJson(this.folder)) {
      const record = await this.find(name.slice(0, -'.json'.length));
      if (record) records.push(record);
    }
    return records;
  }

  /** The runs whose runner is alive. */
  async live(): Promise<RunRecord[]> {
    return (await this.all()).filter((record) => this.#runnerOf(record) !== undefined);
  }

  /**
   * Asks a run to undo everything, write its report and end, as Ctrl-C does; resolves when it has ended. A run that
   * needs longer than `limitMs` goes on ending: `timeout`.
   */
  async requestStop(
    run: string,
    { limitMs, clock }: { limitMs: number; clock: Clock },
  ): Promise<'stopped' | 'timeout'> {
    const record = await this.find(run);
    const runner = record && this.#runnerOf(record);
    if (!runner) throw UserError.of('FD606', `no run ${run} is alive on this machine`);
    if (sendSignal(runner, 'SIGTERM') === 'denied')
      throw UserError.of('FD607', `run ${run} is process ${runner.pid} of another user`);
    for (let waitedMs = 0; waitedMs < limitMs; waitedMs += lookEveryMs) {
      if (!statOf(runner)) return 'stopped';
      await clock.sleep(lookEveryMs);
    }
    return statOf(runner) ? 'timeout' : 'stopped';
  }

  /** The live runner, as it is known here. */
  #runnerOf({ bootId, runner, pidNamespace }: RunRecord): ProcessId | undefined {
    if (bootId !== this.#around.boot.id) return undefined;
    const seen = seenFromHere(runner, pidNamespace);
    return typeof seen === 'string' ? undefined : seen;
  }
}

/**
 * Alive, and not stopped: somebody who can undo a fault. Who may live where we cannot look counts as awake, because
 * nothing is taken out of the hands of a live run.
 */
export function isAwake(id: ProcessId, pidNamespace: number | undefined): boolean {
  const seen = seenFromHere(id, pidNamespace);
  if (typeof seen === 'string') return seen === 'unseen';
  const stat = statOf(seen);
  return stat !== undefined && !isStopped(stat);
}

// A damaged record is the same as none: the lease itself names its owner, and the watchdog's name is written again
// with the next watchdog.
function parseRecord(text: string): RunRecord | undefined {
  try {
    const record = JSON.parse(text) as RunRecord;
    return Number.isInteger(record.runner.pid) && typeof record.run === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}
