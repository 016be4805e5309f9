// A runner reduced to what faults need: leases on disk and their watchdog, both real, and requests to drivers.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import { chooseDriver } from '../../../src/faults/choose.ts';
import type { ActiveFault, FaultKind, FaultRequest } from '../../../src/faults/fault.ts';
import { systemBoot } from '../../../src/faults/leases/boot.ts';
import { Journal } from '../../../src/faults/leases/journal.ts';
import { Leases } from '../../../src/faults/leases/leases.ts';
import { probeMachine } from '../../../src/faults/machine.ts';
import { containerTarget } from '../../../src/faults/targets/container/container.ts';
import { findContainers } from '../../../src/faults/targets/container/find.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';

const identity = { name: 'app', namespace: 'default', labels: {} };
const guard = createGuard(new Set());

export interface ReadyFault {
  readonly driver: string;
  /** What a run does between the moments `fault.injecting` and `fault.injected`. */
  inject(): Promise<ActiveFault>;
  /** Settles its lease. */
  settle(): Promise<void>;
}

export class Injecting {
  readonly #folder = mkdtempSync(join(tmpdir(), 'firedrill-bench-'));
  readonly #leases: Leases;

  private constructor() {
    const state = join(this.#folder, 'state');
    this.#leases = new Leases({
      journal: new Journal({ state, uid: process.getuid!(), boot: systemBoot }),
      run: 'bench',
      runFolder: this.#folder,
      clock: systemClock,
      watchdogCommand: [process.execPath, resolve('dist/watchdog.js')],
      onWatchdogLost: () => {},
      onExpired: () => {},
    });
  }

  static async start(): Promise<Injecting> {
    const injecting = new Injecting();
    await injecting.#leases.start();
    return injecting;
  }

  /** For a process that runs. */
  prepare<Spec>(kind: FaultKind<Spec>, pid: number, fields: object): Promise<ReadyFault> {
    return this.#prepareOn(kind, pidTarget(identity, pid, guard), { type: 'pid', pid }, fields);
  }

  /** For a container of the engine at this socket. */
  async prepareContainer<Spec>(
    kind: FaultKind<Spec>,
    name: string,
    socket: string,
    fields: object,
  ): Promise<ReadyFault> {
    const declared = { type: 'container', by: { name }, socket, runtime: undefined } as const;
    const [found] = await findContainers(name, declared, []);
    const target = await containerTarget(identity, found!, guard, false);
    return this.#prepareOn(kind, target, declared, fields);
  }

  /** The best driver, and its lease. Throws when there is none here. */
  async #prepareOn<Spec>(
    kind: FaultKind<Spec>,
    target: FaultRequest['target'],
    declared: FaultRequest['declared'],
    fields: object,
  ): Promise<ReadyFault> {
    const request: FaultRequest<Spec> = {
      name: 'bench',
      kind: kind.kind,
      spec: kind.schema.parse(fields),
      durationMs: 60_000,
      target,
      declared,
      machine: await probeMachine(),
      clock: systemClock,
      random: seededRandom(1),
      scratchFolder: this.#folder,
      folder: this.#folder,
    };
    const { driver } = await chooseDriver(kind, request);
    const undo = await driver.undoSteps(request);
    const processes = target.type === 'proxy' ? [] : await target.processes();
    const opening = { fault: 'bench', target: 'app', undo, expiresInMs: 120_000, processes };
    const lease = await this.#leases.open(opening);
    return {
      driver: driver.name,
      inject: () => driver.inject(request, undefined, (steps) => lease.extend(steps)),
      settle: () => lease.settle('undone'),
    };
  }

  async stop(): Promise<void> {
    await this.#leases.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
