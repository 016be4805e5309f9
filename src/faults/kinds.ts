// Every kind of fault that an experiment can name, by Chaos Mesh's name for it.

import { blockChaos } from './block-chaos/block-chaos.ts';
import { containerChaos } from './container-chaos/container-chaos.ts';
import { dnsChaos } from './dns-chaos/dns-chaos.ts';
import type { FaultKind } from './fault.ts';
import { httpChaos } from './http-chaos/http-chaos.ts';
import { ioChaos } from './io-chaos/io-chaos.ts';
import { networkChaos } from './network-chaos/network-chaos.ts';
import { podChaos } from './pod-chaos/pod-chaos.ts';
import { processChaos } from './process-chaos/process-chaos.ts';
import { createStressChaos } from './stress-chaos/stress-chaos.ts';
import { timeChaos } from './time-chaos/time-chaos.ts';

export type FaultKinds = Readonly<
  Record<
    | 'DNSChaos'
    | 'PodChaos'
    | 'StressChaos'
    | 'NetworkChaos'
    | 'HTTPChaos'
    | 'ContainerChaos'
    | 'IOChaos'
    | 'TimeChaos'
    | 'BlockChaos'
    | 'ProcessChaos',
    FaultKind
  >
>;

/** `stressWorker` is the command of the program that StressChaos starts for each of its own workers. */
export function createFaultKinds(stressWorker: readonly string[]): FaultKinds {
  return {
    DNSChaos: dnsChaos,
    PodChaos: podChaos,
    StressChaos: createStressChaos(stressWorker),
    NetworkChaos: networkChaos,
    HTTPChaos: httpChaos,
    ContainerChaos: containerChaos,
    IOChaos: ioChaos,
    TimeChaos: timeChaos,
    BlockChaos: blockChaos,
    ProcessChaos: processChaos,
  };
}

type FaultSchema = Pick<FaultKind, 'kind' | 'schema' | 'isOneShot'>;

/** What a file may say of each kind; nothing here can inject anything. */
export const faultSchemas: Readonly<Record<keyof FaultKinds, FaultSchema>> = createFaultKinds([]);
