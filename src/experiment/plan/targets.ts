// Targets as the plan and the faults meet them: what runs already is looked at and guarded now; what the run itself
// starts stands in as a handle that has no process until it is started.

import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { Random } from '../../base/random.ts';
import { containerTarget } from '../../faults/targets/container/container.ts';
import { findContainers } from '../../faults/targets/container/find.ts';
import type { ContainerTarget } from '../../faults/targets/declaration.ts';
import type { Guard } from '../../faults/targets/guard.ts';
import { hostTarget } from '../../faults/targets/host.ts';
import type { CommandTarget } from '../../faults/targets/process/command.ts';
import { pidTarget } from '../../faults/targets/process/pid.ts';
import { portTarget } from '../../faults/targets/process/port.ts';
import type { TargetIdentity } from '../../faults/targets/process/running.ts';
import { TcpProxy } from '../../faults/targets/proxy/proxy.ts';
import type { ProcessId, ProcessTargetHandle, TargetHandle } from '../../faults/targets/target.ts';
import type { TargetSpec } from '../model.ts';

export interface PlannedTarget {
  readonly spec: TargetSpec;
  readonly handle: TargetHandle;
}

export interface TargetPlanning {
  readonly guard: Guard;
  readonly clock: Clock;
  readonly random: Random;
  /** Whether the container may be hit that we run in ourselves. */
  readonly allowsOwnContainer: boolean;
  /** Whether the machine itself may be hit. */
  readonly allowsHost: boolean;
  /** Where container engines are looked for when a target names none. */
  engineSockets(): readonly string[];
}

/** Several only for containers that are named by their labels. */
export async function planTarget(spec: TargetSpec, planning: TargetPlanning): Promise<PlannedTarget[]> {
  const { kind } = spec;
  const { guard, clock, random } = planning;
  switch (kind.type) {
    case 'command':
      return [{ spec, handle: new AwaitedCommand(spec, kind.command) }];
    case 'pid':
      return [{ spec, handle: pidTarget(spec, kind.pid, guard) }];
    case 'port':
      return [{ spec, handle: portTarget(spec, kind, guard) }];
    case 'proxy':
      return [{ spec, handle: new TcpProxy(spec, kind, clock, random) }];
    case 'container':
      return await planContainers(spec, kind, planning);
    case 'host':
      if (!planning.allowsHost) throw UserError.of('FD515', `target ${spec.name} is the machine itself`);
      return [{ spec, handle: hostTarget(spec) }];
  }
}

/** A container carries its own labels beside those that the file gives it; the file's win. */
async function planContainers(
  spec: TargetSpec,
  declared: ContainerTarget,
  { guard, allowsOwnContainer, engineSockets }: TargetPlanning,
): Promise<PlannedTarget[]> {
  const found = await findContainers(spec.name, declared, declared.socket ? [] : engineSockets());
  return await Promise.all(
    found.map(async (container) => {
      const name = 'labels' in declared.by ? `${spec.name}:${container.name}` : spec.name;
      const own = { ...spec, name, labels: { ...container.labels, ...spec.labels } };
      return { spec: own, handle: await containerTarget(own, container, guard, allowsOwnContainer) };
    }),
  );
}

/** A command target before and after it is started: faults keep one handle all along. */
export class AwaitedCommand implements ProcessTargetHandle {
  readonly type = 'process';
  readonly started = true;
  readonly name: string;
  readonly namespace: string;
  readonly labels: TargetIdentity['labels'];
  readonly #command: readonly string[];
  #running: CommandTarget | undefined;

  constructor({ name, namespace, labels }: TargetIdentity, command: readonly string[]) {
    this.name = name;
    this.namespace = namespace;
    this.labels = labels;
    this.#command = command;
  }

  set running(target: CommandTarget) {
    this.#running = target;
  }

  async describe(): Promise<string> {
    return this.#running?.describe() ?? `will be started: ${this.#command.join(' ')}`;
  }

  async processes(): Promise<ProcessId[]> {
    return this.#running?.processes() ?? [];
  }

  expectExit(): void {
    this.#running?.expectExit();
  }

  async restart(changes: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
    return this.#running ? await this.#running.restart(changes) : 'it was not started';
  }
}
