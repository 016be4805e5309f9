// The faults of a run, each under its lease: prepared before the targets start, put in place, counted while they act,
// taken back and looked at afterwards. Whatever happens, `undoAll` leaves none in place that can be taken back.

import { mkdir } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { ActiveFault, PreparedFault } from '../../faults/fault.ts';
import type { Journal } from '../../faults/leases/journal.ts';
import type { LeaseHandle, Leases } from '../../faults/leases/leases.ts';
import { type UndoOutcome, undoLease } from '../../faults/leases/undo.ts';
import { selectTargets } from '../../faults/select.ts';
import type { Launch, ProcessId, TargetHandle } from '../../faults/targets/target.ts';
import type { PlannedFault, PlannedInjection } from '../plan/faults.ts';
import type { EventOf } from '../timeline.ts';
import type { TimelineLog } from './timeline-log.ts';

interface Placed {
  readonly injection: PlannedInjection;
  readonly active: ActiveFault;
  readonly lease: LeaseHandle;
}

/** One fault of the experiment on its targets; of a workflow, one of the times that it comes. */
class LiveFault {
  readonly planned: PlannedFault;
  readonly injections: readonly PlannedInjection[];
  readonly placed: Placed[] = [];
  ended = false;

  constructor(planned: PlannedFault, injections = planned.injections) {
    this.planned = planned;
    this.injections = injections;
  }

  get name(): string {
    return this.planned.spec.name;
  }

  /** Undefined as soon as one of its drivers cannot count. */
  hits(): number | undefined {
    const counts = this.placed.map(({ active }) => active.hits());
    return counts.some((count) => count === undefined)
      ? undefined
      : counts.reduce<number>((sum, count) => sum + count!, 0);
  }
}

export interface Acting {
  readonly stop: AbortSignal;
  /** Asked when `stop` is aborted. */
  whyStopped(): 'stopped' | 'error';
  /** A fault could not be put in place. */
  onFailed(): void;
}

/** How a fault of a workflow comes one time. */
export interface OneTime {
  readonly until: AbortSignal;
  /** Asked when it is taken back. */
  why(): EventOf<'fault.undoing'>['why'];
  readonly random: Random;
}

/** Beyond the fault's own duration, before the watchdog takes it back: an undo may take this long. */
const leaseMarginMs = 5000;
const countEveryMs = 1000;

export class FaultSession {
  readonly #planned: readonly PlannedFault[];
  /** Those that are, or will be, in place. */
  readonly #faults: Set<LiveFault>;
  /** Hits of the times before, by name of the fault. */
  readonly #past = new Map<string, number | undefined>();
  readonly #leases: Leases;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #timeline: TimelineLog;
  readonly #prepared = new Map<PlannedInjection, PreparedFault>();
  /** How often each came. */
  readonly #times = new Map<PlannedInjection, number>();

  constructor(
    faults: readonly PlannedFault[],
    leases: Leases,
    journal: Journal,
    clock: Clock,
    timeline: TimelineLog,
  ) {
    this.#planned = faults;
    const own = faults.filter(({ spec }) => spec.workflow === undefined);
    this.#faults = new Set(own.map((planned) => new LiveFault(planned)));
    this.#leases = leases;
    this.#journal = journal;
    this.#clock = clock;
    this.#timeline = timeline;
  }

  /** What the faults on this target need before it starts. */
  async prepare(target: string): Promise<Launch[]> {
    const launches: Launch[] = [];
    for (const injection of this.#injections().filter((each) => each.request.target.name === target)) {
      const prepared = await injection.driver.prepare?.(injection.request);
      if (!prepared) continue;
      this.#prepared.set(injection, prepared);
      launches.push(prepared.launch);
    }
    return launches;
  }

  /**
   * Puts every fault in place at the same time, and takes each back when its own duration is over or `stop` is
   * aborted. A fault that takes long to be put in place keeps no other from being taken back. `workflows` go on
   * beside them, and put in place what is theirs.
   */
  async act(
    { stop, whyStopped, onFailed }: Acting,
    workflows: readonly (() => Promise<void>)[] = [],
  ): Promise<void> {
    const over = new AbortController();
    const counts = this.#count(AbortSignal.any([stop, over.signal]));
    const own = [...this.#faults].map(async (fault) => {
      if (!(await this.#injectFault(fault))) return onFailed();
      await this.#clock.sleep(fault.planned.spec.durationMs ?? 0, stop);
      await this.#undoFault(fault, stop.aborted ? whyStopped() : 'duration');
    });
    await Promise.all([...own, ...workflows.map((workflow) => workflow())]);
    over.abort();
    await counts;
  }

  /**
   * One of the times that a fault of a workflow comes, on targets that are picked now; resolves when it was taken back.
   * False when it could not be put in place.
   */
  async once(name: string, { until, why, random }: OneTime): Promise<boolean> {
    const planned = this.#planned.find(({ spec }) => spec.name === name)!;
    const { mode, value, durationMs } = planned.spec;
    const picked = selectTargets(planned.injections, mode, value, random);
    const injections: PlannedInjection[] = [];
    for (const injection of picked)
      if (this.#isFree(injection)) injections.push(await this.#again(injection));
    const fault = new LiveFault(planned, injections);
    this.#faults.add(fault);
    const wasPut = await this.#injectFault(fault);
    if (wasPut) {
      await this.#clock.sleep(durationMs ?? 0, until);
      await this.#undoFault(fault, why());
    }
    this.#past.set(name, this.#hitsOf(name));
    this.#faults.delete(fault);
    return wasPut;
  }

  /** What was prepared for a target serves one fault at a time. */
  #isFree(injection: PlannedInjection): boolean {
    const prepared = this.#prepared.get(injection);
    if (!prepared) return true;
    return ![...this.#faults].some((fault) =>
      fault.injections.some((each) => this.#prepared.get(each) === prepared),
    );
  }

  /** The same for one more time, with a folder of its own for the driver's files. */
  async #again(injection: PlannedInjection): Promise<PlannedInjection> {
    const number = (this.#times.get(injection) ?? 0) + 1;
    this.#times.set(injection, number);
    const scratchFolder = `${injection.request.scratchFolder}.${number}`;
    await mkdir(scratchFolder);
    const again = { ...injection, request: { ...injection.request, scratchFolder } };
    const prepared = this.#prepared.get(injection);
    if (prepared) this.#prepared.set(again, prepared);
    return again;
  }

  /** Idempotent. */
  async undoAll(why: EventOf<'fault.undoing'>['why']): Promise<void> {
    await Promise.all([...this.#faults].map((fault) => this.#undoFault(fault, why)));
  }

  /** After the targets have ended: the servers and files that were prepared for the faults. */
  async close(): Promise<void> {
    for (const prepared of this.#prepared.values()) await prepared.close();
  }

  #injections(): PlannedInjection[] {
    return this.#planned.flatMap((planned) => planned.injections);
  }

  /** False when it failed; what was done of it is then taken back. */
  async #injectFault(fault: LiveFault): Promise<boolean> {
    const { spec } = fault.planned;
    try {
      for (const injection of fault.injections) await this.#injectOne(fault, injection);
      this.#timeline.emit('fault.injected', {
        fault: fault.name,
        lease: fault.placed.map(({ lease }) => lease.id).join(','),
      });
    } catch (error) {
      this.#timeline.emit('fault.failed', { fault: spec.name, reason: (error as Error).message });
      await this.#undoFault(fault, 'error');
      return false;
    }
    for (const { active } of fault.placed) {
      const reason = await active.missing().catch((error: Error) => error.message);
      if (reason !== undefined) this.#timeline.emit('fault.no-effect', { fault: fault.name, reason });
    }
    if (spec.oneShot) {
      fault.ended = true;
      for (const { lease } of fault.placed) await lease.settle('undone', 'one-shot');
      this.#timeline.emit('fault.spent', { fault: fault.name, hits: this.#hitsOf(fault.name) });
    }
    return true;
  }

  async #injectOne(fault: LiveFault, injection: PlannedInjection): Promise<void> {
    const { driver, request } = injection;
    const { target } = request;
    const held = await heldOf(target);
    const others = held ? { processes: held } : {};
    const lease = await this.#leases.open({
      fault: fault.name,
      target: target.name,
      undo: await driver.undoSteps(request),
      expiresInMs: (request.durationMs ?? 0) + (driver.injectMs?.(request) ?? 0) + leaseMarginMs,
      ...others,
    });
    this.#timeline.emit('fault.injecting', {
      fault: fault.name,
      kind: request.kind,
      driver: driver.name,
      targets: fault.injections.map((each) => each.request.target.name),
      lease: lease.id,
      ...(injection.plan.hits === undefined ? {} : { hitsAre: injection.plan.hits }),
    });
    try {
      const active = await driver.inject(request, this.#prepared.get(injection), (steps) =>
        lease.extend(steps),
      );
      fault.placed.push({ injection, active, lease });
    } catch (error) {
      // It may have stopped half-way: the steps that are on disk know everything that it began.
      const outcome = await this.#takeSteps(lease);
      await lease
        .settle(
          outcome.undone ? 'undone' : 'stuck',
          outcome.undone ? 'not injected' : outcome.left.join('; '),
        )
        .catch(() => {});
      if (!outcome.undone)
        this.#timeline.emit('fault.stuck', { fault: fault.name, lease: lease.id, left: [...outcome.left] });
      throw error;
    }
  }

  async #undoFault(fault: LiveFault, why: EventOf<'fault.undoing'>['why']): Promise<void> {
    if (fault.ended || fault.placed.length === 0) return;
    fault.ended = true;
    this.#timeline.emit('fault.undoing', { fault: fault.name, why });
    const evidence: string[] = [];
    const left: string[] = [];
    for (const placed of fault.placed) {
      const outcome = await this.#undoOne(placed);
      if (outcome.undone) evidence.push(outcome.evidence);
      else {
        left.push(...outcome.left);
        this.#timeline.emit('fault.stuck', {
          fault: fault.name,
          lease: placed.lease.id,
          left: [...outcome.left],
        });
      }
    }
    if (left.length === 0)
      this.#timeline.emit('fault.undone', {
        fault: fault.name,
        hits: this.#hitsOf(fault.name),
        verified: evidence.join('; '),
      });
  }

  /** Of all times together; undefined as soon as one cannot be counted. */
  #hitsOf(name: string): number | undefined {
    const live = [...this.#faults].filter((fault) => fault.name === name).map((fault) => fault.hits());
    const counts = this.#past.has(name) ? [this.#past.get(name), ...live] : live;
    if (counts.includes(undefined)) return undefined;
    return counts.reduce<number>((sum, count) => sum + count!, 0);
  }

  async #count(stop: AbortSignal): Promise<void> {
    const last = new Map<string, number | undefined>();
    while (!stop.aborted) {
      for (const fault of this.#faults) {
        const hits = this.#hitsOf(fault.name);
        if (fault.ended || fault.placed.length === 0 || last.get(fault.name) === hits) continue;
        last.set(fault.name, hits);
        this.#timeline.emit('fault.hits', { fault: fault.name, hits });
      }
      await this.#clock.sleep(countEveryMs, stop);
    }
  }

  /** Taken back, looked at, and settled on disk as what was seen. */
  async #undoOne({ active, lease }: Placed): Promise<UndoOutcome> {
    const look = () => active.verifyUndone();
    let outcome = await active
      .undo()
      .then(look)
      .catch((error: Error): UndoOutcome => ({ undone: false, left: [error.message] }));
    // A second way to the same end: what the watchdog would do.
    if (!outcome.undone && (await this.#takeSteps(lease)).undone) outcome = await look().catch(() => outcome);
    await lease
      .settle(
        outcome.undone ? 'undone' : 'stuck',
        outcome.undone ? outcome.evidence : outcome.left.join('; '),
      )
      .catch(() => {});
    return outcome;
  }

  /** The lease's own steps but for those that only our death takes. */
  async #takeSteps({ id }: LeaseHandle): Promise<UndoOutcome> {
    const lease = await this.#journal.read(id);
    if (!lease) return { undone: true, evidence: 'no lease' };
    const undo = lease.undo.filter((step) => step.type !== 'ends-with-owner');
    const { boot } = this.#journal.around;
    const leases = async () => (await this.#journal.list(lease.run)).leases;
    return undoLease({ ...lease, undo }, { clock: this.#clock, graceMs: 0, boot, leases });
  }
}

/** Processes that no second run may act on meanwhile; undefined for what is this run's own. */
async function heldOf(target: TargetHandle): Promise<ProcessId[] | undefined> {
  if (target.type === 'host') return target.standIn();
  const isOthers = target.type === 'container' || (target.type === 'process' && !target.started);
  return isOthers ? await target.processes() : undefined;
}
