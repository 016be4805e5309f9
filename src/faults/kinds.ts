// Every kind of fault that an experiment can name, by Chaos Mesh's name for it.

import { dnsChaos } from './dns-chaos/dns-chaos.ts';
import type { FaultKind } from './fault.ts';
import { podChaos } from './pod-chaos/pod-chaos.ts';

export const faultKinds = {
  DNSChaos: dnsChaos,
  PodChaos: podChaos,
} as const satisfies Record<string, FaultKind>;
