// Faults for a first drill: short, undone by themselves, and nothing that a restart would have to repair.

import { formatDuration } from '../../base/duration.ts';

export type FirstFaultName = 'pause' | 'delay' | 'cpu';

export interface FirstFault {
  readonly name: FirstFaultName;
  /** For people: `stands still for 5s`. */
  readonly what: string;
  /** As in the file. */
  readonly kind: 'PodChaos' | 'NetworkChaos' | 'StressChaos';
  readonly spec: Readonly<Record<string, unknown>>;
  readonly durationMs: number;
}

export const delayMs = 100;

/** The first is the one that shows most: a pause is seen by every request, and is over when the signal comes. */
export function firstFaults(port: number | undefined, pauseMs: number): readonly FirstFault[] {
  const othersMs = Math.max(10_000, pauseMs);
  const others = formatDuration(othersMs);
  return [
    {
      name: 'pause',
      what: `stands still for ${formatDuration(pauseMs)}: it keeps its connections, and answers nothing`,
      kind: 'PodChaos',
      spec: { action: 'pod-failure', duration: formatDuration(pauseMs) },
      durationMs: pauseMs,
    },
    {
      name: 'delay',
      what: `answers ${delayMs} ms later, for ${others}`,
      kind: 'NetworkChaos',
      spec: {
        action: 'delay',
        delay: { latency: `${delayMs}ms` },
        ...(port !== undefined && { ports: [port] }),
        duration: others,
      },
      durationMs: othersMs,
    },
    {
      name: 'cpu',
      what: `shares the machine with something that uses half a processor, for ${others}`,
      kind: 'StressChaos',
      spec: { stressors: { cpu: { workers: 1, load: 50 } }, duration: others },
      durationMs: othersMs,
    },
  ];
}
