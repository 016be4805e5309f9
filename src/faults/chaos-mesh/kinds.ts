// Every kind of object that a Chaos Mesh file may hold: the rules for its fields, and whether anything here can do it.
// A kind that has a driver is checked by the driver's own schema; all others have theirs in this folder.

import type { z } from 'zod';
import { awsChaosSchema, azureChaosSchema, gcpChaosSchema } from './cloud-chaos.ts';
import { jvmChaosSchema } from './jvm-chaos.ts';
import { kernelChaosSchema } from './kernel-chaos.ts';
import { physicalMachineChaosSchema } from './physical-machine-chaos.ts';

/** The key under which a Schedule or a Workflow holds the spec of each kind. */
export const embeddedKeys = {
  AWSChaos: 'awsChaos',
  AzureChaos: 'azureChaos',
  BlockChaos: 'blockChaos',
  DNSChaos: 'dnsChaos',
  GCPChaos: 'gcpChaos',
  HTTPChaos: 'httpChaos',
  IOChaos: 'ioChaos',
  JVMChaos: 'jvmChaos',
  KernelChaos: 'kernelChaos',
  NetworkChaos: 'networkChaos',
  PhysicalMachineChaos: 'physicalmachineChaos',
  PodChaos: 'podChaos',
  StressChaos: 'stressChaos',
  TimeChaos: 'timeChaos',
} as const;

export type ChaosMeshFaultKind = keyof typeof embeddedKeys;

export const chaosMeshFaultKinds = Object.keys(embeddedKeys) as ChaosMeshFaultKind[];

interface UnsupportedKind {
  readonly schema: z.ZodType;
  /** Whether it acts on pods, and so has `mode`, `value` and `selector`. */
  readonly selects: 'pods' | 'machines' | 'nothing';
  /** What it takes, for the refusal. */
  readonly needs: string;
}

/** Kinds that nothing here can do. */
const unsupported: Readonly<Partial<Record<ChaosMeshFaultKind, UnsupportedKind>>> = {
  AWSChaos: { schema: awsChaosSchema, selects: 'nothing', needs: 'an AWS account and its credentials' },
  AzureChaos: {
    schema: azureChaosSchema,
    selects: 'nothing',
    needs: 'an Azure subscription and its credentials',
  },
  GCPChaos: { schema: gcpChaosSchema, selects: 'nothing', needs: 'a GCP project and its credentials' },
  JVMChaos: { schema: jvmChaosSchema, selects: 'pods', needs: 'the Byteman agent in the JVM of the pod' },
  KernelChaos: {
    schema: kernelChaosSchema,
    selects: 'pods',
    needs: 'a kernel with BPF error injection and the bpfki server of Chaos Mesh on the node',
  },
  PhysicalMachineChaos: {
    schema: physicalMachineChaosSchema,
    selects: 'machines',
    needs: 'chaosd on each machine',
  },
};

/** What only a cluster (or a cloud) can do of a kind; undefined when there is a driver for it. */
export function clusterOnly(kind: ChaosMeshFaultKind): UnsupportedKind | undefined {
  return unsupported[kind];
}
