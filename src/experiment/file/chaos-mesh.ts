// A bare Chaos Mesh file, read as an experiment without objectives. Every document of it is checked; those that break
// something here become faults, and places and names are still those of the Chaos Mesh file. What only a cluster can do
// is checked as well, and then said by name.

import { z } from 'zod';
import type { Diagnostic } from '../../base/diagnostics.ts';
import { checkYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { physicalMachineSchema, remoteClusterSchema } from '../../faults/chaos-mesh/cluster-objects.ts';
import { type ChaosMeshFaultKind, chaosMeshFaultKinds, clusterOnly } from '../../faults/chaos-mesh/kinds.ts';
import { statusCheckSchema } from '../../faults/chaos-mesh/status-check.ts';
import { orchestrationKinds } from '../workflow/schema.ts';
import { type FaultContext, refuseClusterOnly } from './fault-resolution.ts';
import { Reading } from './reading.ts';
import { apiVersion } from './schema.ts';

const ownGroup = apiVersion.split('/')[0];
const pauseAnnotation = 'experiment.chaos-mesh.org/pause';

/** Objects that break nothing by themselves, and what each is for. */
const surroundings = {
  PhysicalMachine: { schema: physicalMachineSchema, what: 'names a machine with chaosd' },
  RemoteCluster: { schema: remoteClusterSchema, what: 'names another cluster' },
  StatusCheck: { schema: statusCheckSchema, what: 'is a step of a Workflow' },
} as const;

type SurroundingKind = keyof typeof surroundings;

const kinds = [
  ...chaosMeshFaultKinds,
  ...orchestrationKinds,
  ...(Object.keys(surroundings) as SurroundingKind[]),
] as const;

const objectSchema = z.strictObject({
  apiVersion: z.literal('chaos-mesh.org/v1alpha1'),
  kind: z.enum(kinds),
  // Kubernetes' own: namespaces, labels and annotations mean nothing here.
  metadata: z.looseObject({
    name: z.string().min(1),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  spec: z.record(z.string(), z.unknown()),
  // Written by the controllers; it stands in what kubectl prints.
  status: z.unknown().optional(),
});

type ChaosMeshObject = z.output<typeof objectSchema>;

const kubernetesSchema = z.looseObject({
  apiVersion: z.string().min(1),
  kind: z.string().min(1),
  metadata: z.looseObject({ name: z.string().min(1) }),
});

/** Whether one of the documents is Chaos Mesh's, of whatever kind. */
export function isChaosMesh(documents: readonly YamlDocument[]): boolean {
  return documents.some((document) => groupOf(document) === 'chaos-mesh.org');
}

function groupOf({ value }: YamlDocument): string | undefined {
  const { apiVersion: version } = (value ?? {}) as { apiVersion?: unknown };
  return typeof version === 'string' ? version.split('/')[0] : undefined;
}

/** An object of Kubernetes and no experiment: `kubectl apply` takes it, and nothing here does. */
export function isKubernetesObject(document: YamlDocument): boolean {
  const { kind } = (document.value ?? {}) as { kind?: unknown };
  const group = groupOf(document);
  return group !== undefined && group !== ownGroup && typeof kind === 'string' && kind !== 'Experiment';
}

export interface ChaosMeshRead {
  /** Undefined when nothing in the file can be run here. */
  readonly experiment: YamlDocument | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

export function readChaosMesh(documents: readonly YamlDocument[], onlyChecked: boolean): ChaosMeshRead {
  const diagnostics: Diagnostic[] = [];
  const faults: { readonly document: YamlDocument; readonly object: ChaosMeshObject }[] = [];
  for (const document of documents) {
    if (groupOf(document) !== 'chaos-mesh.org') {
      diagnostics.push(...foreign(document));
      continue;
    }
    const checked = checkYaml(document, objectSchema);
    if (!checked.ok) {
      diagnostics.push(...checked.diagnostics);
      continue;
    }
    const object = checked.value;
    diagnostics.push(...checkPause(document, object, onlyChecked));
    const other = otherThanFault(document, object, onlyChecked);
    if (other) diagnostics.push(...other);
    else faults.push({ document, object });
  }
  const [first] = faults;
  if (first) return { experiment: asExperiment(faults, first), diagnostics };
  if (!onlyChecked && !diagnostics.some((diagnostic) => diagnostic.severity === 'error'))
    diagnostics.push({
      code: 'FD131',
      severity: 'error',
      message: 'nothing in this file breaks anything',
      at: documents[0]!.placeOf(['kind']),
    });
  return { experiment: undefined, diagnostics };
}

/** Objects of Kubernetes stand beside the faults in examples: what the faults are aimed at. */
function foreign(document: YamlDocument): Diagnostic[] {
  const checked = checkYaml(document, kubernetesSchema);
  if (!checked.ok) return checked.diagnostics;
  const { kind, metadata } = checked.value;
  return [
    {
      code: 'FD131',
      severity: 'warning',
      message: `${kind} ${metadata.name} is no fault, and nothing here applies it`,
      at: document.placeOf(['kind']),
      expected: 'kubectl apply, on a cluster',
    },
  ];
}

function checkPause(document: YamlDocument, object: ChaosMeshObject, onlyChecked: boolean): Diagnostic[] {
  if (object.metadata.annotations?.[pauseAnnotation] !== 'true') return [];
  return [
    {
      code: 'FD132',
      severity: onlyChecked ? 'warning' : 'error',
      message: `${object.kind} ${object.metadata.name} is paused: Chaos Mesh would inject nothing`,
      at: document.placeOfKey(['metadata', 'annotations', pauseAnnotation]),
      expected: `no ${pauseAnnotation}, or "false"`,
    },
  ];
}

/** What is to be said of an object that is no fault that this machine can make; undefined when it is one. */
function otherThanFault(
  document: YamlDocument,
  { kind, metadata, spec }: ChaosMeshObject,
  onlyChecked: boolean,
): readonly Diagnostic[] | undefined {
  if (kind in surroundings) {
    const { schema, what } = surroundings[kind as SurroundingKind];
    const checked = checkYaml(document, schema, spec, ['spec']);
    const told: Diagnostic = {
      code: 'FD131',
      severity: 'warning',
      message: `${kind} ${metadata.name} is no fault: it ${what}`,
      at: document.placeOf(['kind']),
    };
    return checked.ok ? [told] : checked.diagnostics;
  }
  if (!chaosMeshFaultKinds.includes(kind as ChaosMeshFaultKind)) return undefined;
  const faultKind = kind as ChaosMeshFaultKind;
  if (!clusterOnly(faultKind)) return undefined;
  const reading = new Reading({ document, diagnostics: [], readScalar: () => undefined });
  const context: FaultContext = {
    reading,
    targets: undefined,
    isChaosMesh: true,
    onlyChecked,
    durationMs: undefined,
  };
  refuseClusterOnly(context, faultKind, spec, ['spec'], ['kind']);
  return reading.diagnostics;
}

function asExperiment(
  faults: readonly { readonly document: YamlDocument; readonly object: ChaosMeshObject }[],
  first: { readonly document: YamlDocument; readonly object: ChaosMeshObject },
): YamlDocument {
  /** The document that a part of the experiment comes from, and where it stands there. */
  const origin = (path: YamlPath): { readonly from: YamlDocument; readonly path: YamlPath } => {
    const [head, list, index, key, ...rest] = path;
    const from = (list === 'faults' && faults[Number(index)]?.document) || first.document;
    if (head !== 'spec') return { from, path };
    return { from, path: key === 'spec' ? ['spec', ...rest] : ['kind'] };
  };
  return {
    ...first.document,
    value: {
      apiVersion,
      kind: 'Experiment',
      metadata: { name: first.object.metadata.name },
      spec: { faults: faults.map(({ object }) => ({ kind: object.kind, spec: object.spec })) },
    },
    placeOf: (path) => {
      const { from, path: own } = origin(path);
      return from.placeOf(own);
    },
    placeOfKey: (path) => {
      const { from, path: own } = origin(path);
      return from.placeOfKey(own);
    },
    placeInside: (path, offset, length) => {
      const { from, path: own } = origin(path);
      return from.placeInside(own, offset, length);
    },
    nameOf: (path) => {
      const { from, path: own } = origin(path);
      return from.nameOf(own);
    },
    isPlain: (path) => {
      const { from, path: own } = origin(path);
      return from.isPlain(own);
    },
  };
}
