// The target under strace: strace is started anew when processes or files have come that the present one does not know.

import type { ActiveFault, ExtendLease, FaultRequest } from '../fault.ts';
import { LeaseEndedError } from '../leases/journal.ts';
import { identify, isAlive } from '../targets/process/proc.ts';
import type { ProcessId, ProcessTargetHandle } from '../targets/target.ts';
import { filesMax, filesOf, spellings } from './files.ts';
import type { IoChaosSpec } from './spec.ts';
import { type Injection, Tracer, tracerOf } from './tracer.ts';

/** How often new processes and new files that match are looked for. */
const renewEveryMs = 500;

/** In the environment of every strace of a fault. The scratch folder is this fault's alone, and known beforehand. */
export function markOf({ scratchFolder }: Pick<FaultRequest, 'scratchFolder'>): string {
  return `strace:${scratchFolder}`;
}

export class HeldTarget {
  readonly #request: FaultRequest<IoChaosSpec>;
  readonly #target: ProcessTargetHandle;
  readonly #injection: Injection;
  readonly #extend: ExtendLease;
  readonly #ending = new AbortController();
  readonly #files = new Set<string>();
  readonly #left: string[] = [];
  #tracer: Tracer | undefined;
  /** Everyone who was ever held. */
  #held: ProcessId[] = [];
  #trouble: string | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(
    request: FaultRequest<IoChaosSpec>,
    target: ProcessTargetHandle,
    injection: Injection,
    extend: ExtendLease,
  ) {
    this.#request = request;
    this.#target = target;
    this.#injection = injection;
    this.#extend = extend;
  }

  async begin(): Promise<void> {
    const targets = await this.#target.processes();
    const found = filesOf(
      this.#request.spec,
      targets.map(({ pid }) => pid),
    );
    if ('reason' in found) throw new Error(found.reason);
    for (const file of found.files) this.#files.add(file);
    await this.#trace(targets);
    this.#watching = this.#watch();
  }

  async missing(): Promise<string | undefined> {
    const targets = await this.#target.processes();
    if (targets.length === 0) return `target ${this.#target.name} has no process any more`;
    if (!this.#tracer?.isAlive) return this.#trouble ?? 'strace has ended';
    const [astray] = this.#tracer.astray(targets);
    return astray === undefined ? undefined : `process ${astray} is not held by strace`;
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
    this.#left.splice(0, this.#left.length, ...((await this.#tracer?.end()) ?? []));
  }

  async verifyReleased(): ReturnType<ActiveFault['verifyUndone']> {
    const tracer = this.#tracer!;
    const traced = this.#held.filter((id) => isAlive(id) && tracerOf(id.pid) === tracer.id.pid);
    const left = [
      ...this.#left,
      ...traced.map(({ pid }) => `process ${pid} is still traced: kill -KILL ${tracer.id.pid}`),
    ];
    if (left.length > 0) return { undone: false, left };
    const alive = this.#held.filter(isAlive).map(({ pid }) => pid);
    return {
      undone: true,
      evidence: `strace is gone, and nobody of ours traces process ${alive.join(', ')}`,
    };
  }

  async #watch(): Promise<void> {
    const { clock } = this.#request;
    for (;;) {
      await clock.sleep(renewEveryMs, this.#ending.signal);
      if (this.#ending.signal.aborted) return;
      try {
        await this.#renew();
      } catch (error) {
        // The lease was undone by the watchdog: the fault is over.
        if (error instanceof LeaseEndedError) return;
        this.#trouble = (error as Error).message;
      }
    }
  }

  async #renew(): Promise<void> {
    const targets = await this.#target.processes();
    if (targets.length === 0) return;
    const found = filesOf(
      this.#request.spec,
      targets.map(({ pid }) => pid),
    );
    const fresh = 'files' in found ? found.files.filter((file) => !this.#files.has(file)) : [];
    const astray = this.#tracer?.astray(targets) ?? [];
    if (fresh.length === 0 && astray.length === 0) return;
    // What was removed makes room for what is new.
    if (this.#files.size + fresh.length > filesMax) this.#files.clear();
    for (const file of 'files' in found ? found.files : []) this.#files.add(file);
    await this.#tracer?.end();
    if (!this.#ending.signal.aborted) await this.#trace(await this.#target.processes());
  }

  async #trace(targets: readonly ProcessId[]): Promise<void> {
    if (targets.length === 0) throw new Error(`target ${this.#target.name} has no process`);
    const { scratchFolder, clock } = this.#request;
    const around = { scratchFolder, clock, mark: markOf(this.#request) };
    const files = spellings([...this.#files], targets);
    this.#tracer = await Tracer.start(this.#injection, targets, files, around, this.#extend);
    const known = new Set(this.#held.map(({ pid }) => pid));
    this.#held = [...this.#held, ...targets.filter(({ pid }) => identify(pid) && !known.has(pid))];
  }
}
