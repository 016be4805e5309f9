// Targets as the plan and the faults meet them: what runs already is looked at and guarded now; what the run itself
// starts stands in as a handle that has no process until it is started.

import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Guard } from '../../faults/targets/guard.ts';
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

export function planTarget(spec: TargetSpec, guard: Guard, clock: Clock, random: Random): PlannedTarget {
  const { kind } = spec;
  switch (kind.type) {
    case 'command':
      return { spec, handle: new AwaitedCommand(spec, kind.command) };
    case 'pid':
      return { spec, handle: pidTarget(spec, kind.pid, guard) };
    case 'port':
      return { spec, handle: portTarget(spec, kind, guard) };
    case 'proxy':
      return { spec, handle: new TcpProxy(spec, kind, clock, random) };
  }
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
}
