// NetworkChaos on the machine itself: only what the file narrows it to, and never the line that we are held by.

import type { HostRefusal } from '../fault.ts';
import { executable, processTable } from '../targets/process/proc.ts';
import { socketsOf } from './sockets.ts';
import type { NetworkChaosSpec } from './spec.ts';

const loopback = 'lo';
const sshPortDefault = 22;

/**
 * Ports whose packets no fault on the machine touches: where SSH daemons listen, that of our own session (sshd(8),
 * SSH_CONNECTION), and SSH's own.
 */
export function sessionPorts(): number[] {
  const own = Number(process.env.SSH_CONNECTION?.split(' ')[3]);
  const daemons = [...processTable().keys()].filter((pid) => executable(pid)?.endsWith('/sshd'));
  const listening = socketsOf(daemons).doors.map(({ port }) => port);
  return [...new Set([sshPortDefault, ...(own ? [own] : []), ...listening])].sort((a, b) => a - b);
}

/** For the plan. */
export function sparedOnHost(): string {
  return `packets of SSH (port ${sessionPorts().join(', ')}) are left alone`;
}

export function networkOnHost({ device, ports }: NetworkChaosSpec): HostRefusal[] {
  if (device === undefined && ports.length === 0)
    return [{ code: 'FD107', message: 'on the machine itself it takes `device` or `ports`' }];
  const cut = sessionPorts().filter((port) => ports.includes(port));
  return [
    ...(device === loopback && ports.length === 0
      ? [
          {
            code: 'FD516' as const,
            message: 'all that programs of this machine say to each other would be hit',
          },
        ]
      : []),
    ...(cut.length > 0
      ? [{ code: 'FD517' as const, message: `SSH to this machine uses port ${cut.join(', ')}` }]
      : []),
  ];
}
