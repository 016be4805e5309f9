// Targets as the experiment would declare them, on real processes.

import { join } from 'node:path';
import { systemClock } from '../../../src/base/clock.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import {
  type CommandDeclaration,
  type CommandOptions,
  CommandTarget,
} from '../../../src/faults/targets/process/command.ts';
import { cleanup, markedPids, temporaryFolder } from '../leases/support.ts';

export const identity = { name: 'app', namespace: 'default', labels: {} };

export const noGuard = createGuard(new Set());

let number = 0;

/** Starts a command target, collecting its events and lease steps; it is ended after the test. */
export async function startTarget(
  command: readonly string[],
  declared: Partial<CommandDeclaration> = {},
  options: Partial<CommandOptions> = {},
) {
  const folder = temporaryFolder();
  const mark = `test-${process.pid}-${number++}`;
  const events: string[] = [];
  const steps: UndoStep[] = [];
  cleanup(() => {
    for (const pid of markedPids(mark)) process.kill(pid, 'SIGKILL');
  });
  const target = await CommandTarget.start({
    identity,
    declared: {
      type: 'command',
      command,
      env: {},
      folder,
      ready: undefined,
      restart: false,
      restartDelayMs: 50,
      connects: [],
      listens: [],
      hosts: {},
      ...declared,
    },
    launches: [],
    env: process.env,
    mark,
    logFile: join(folder, 'logs', 'app.log'),
    clock: systemClock,
    extendLease: async (added) => void steps.push(...added),
    events: {
      started: () => events.push('started'),
      ready: () => events.push('ready'),
      exited: ({ code, signal, expected }) =>
        events.push(`exited ${signal ?? code}${expected ? ' as expected' : ''}`),
      replaced: (_old, _new, expected) => events.push(`replaced${expected ? ' as expected' : ''}`),
      gaveUp: (reason) => events.push(`gave up: ${reason}`),
    },
    ...options,
  });
  cleanup(async () => void (await target.end(0)));
  return { target, mark, events, steps, folder, logFile: join(folder, 'logs', 'app.log') };
}
