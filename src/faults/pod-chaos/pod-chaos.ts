// PodChaos on processes: `pod-kill` ends every process of the target, `container-kill` its first one, `pod-failure`
// stops them for the duration, so that they hold their sockets and answer nothing. `restart` is ours: it ends the
// target, and looks whether whoever supervises it starts it again.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { FaultKind } from '../fault.ts';
import { container } from './drivers/container.ts';
import { freezer } from './drivers/freezer.ts';
import { signals } from './signals.ts';

/** Those that end a program or that it may act on; not those that stop it, which nothing would take back. */
const signalNames = [
  ...(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT'] as const),
  ...(['SIGSEGV', 'SIGPIPE', 'SIGALRM', 'SIGUSR1', 'SIGUSR2'] as const),
] as const;

export const podChaosSchema = z
  .strictObject({
    action: z.enum(['pod-kill', 'pod-failure', 'container-kill', 'restart']),
    /** Not for pod-failure: seconds from the signal (SIGTERM when none is named) to SIGKILL; 0 is SIGKILL at once. */
    gracePeriod: z.int().min(0).max(3600).default(0),
    /** Containers of a pod; a process has none, so that they are read and mean nothing. */
    containerNames: z.array(z.string()).optional(),
    /** Only for pod-kill and container-kill; without gracePeriod it is all that is sent. */
    signal: z.enum(signalNames).optional(),
    /** Only for pod-failure: how the processes are stopped. */
    by: z.enum(['signals', 'freezer']).optional(),
  })
  .superRefine(({ action, signal, by }, context) => {
    const kills = action === 'pod-kill' || action === 'container-kill';
    if (signal !== undefined && !kills)
      complain(context, 'FD105', `action ${action} has no signal`, {
        path: ['signal'],
        expected: 'action pod-kill or container-kill',
      });
    if (by !== undefined && action !== 'pod-failure')
      complain(context, 'FD105', `action ${action} stops nobody`, {
        path: ['by'],
        expected: 'action pod-failure',
      });
  });

export type PodChaosSpec = z.output<typeof podChaosSchema>;

export const podChaos: FaultKind<PodChaosSpec> = {
  kind: 'PodChaos',
  schema: podChaosSchema,
  isOneShot: (spec) => spec.action !== 'pod-failure',
  whyNotOnHost: 'stopping or killing every process of it would end this drill as well; name a process',
  drivers: [freezer, signals, container],
};
