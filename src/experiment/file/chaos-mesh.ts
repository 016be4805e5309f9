// A bare Chaos Mesh file, read as an experiment without objectives: the targets of the command line stand for the pods
// that its selector would choose.

import { z } from 'zod';
import { checkYaml, type Parsed, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import { faultKindNames } from './faults.ts';
import { name } from './scalars.ts';
import { apiVersion } from './schema.ts';
import { parseTargetOption } from './target-option.ts';

const chaosMeshApiVersion = 'chaos-mesh.org/v1alpha1';

const chaosMeshSchema = z.strictObject({
  apiVersion: z.literal(chaosMeshApiVersion),
  kind: z.enum(faultKindNames),
  // Kubernetes' own: namespaces, labels and annotations mean nothing here.
  metadata: z.looseObject({ name }),
  spec: z.looseObject({ selector: z.looseObject({}).optional() }),
});

/** Whether a document is one of Chaos Mesh's, of whatever kind. */
export function isChaosMesh(document: YamlDocument): boolean {
  const { apiVersion: version } = (document.value ?? {}) as { apiVersion?: unknown };
  return typeof version === 'string' && version.startsWith('chaos-mesh.org/');
}

/** The same fault as an experiment; places and names are still those of the Chaos Mesh file. */
export function experimentOf(document: YamlDocument, targets: readonly string[]): Parsed<YamlDocument> {
  const checked = checkYaml(document, chaosMeshSchema);
  if (!checked.ok) return checked;
  if (targets.length === 0) {
    return {
      ok: false,
      diagnostics: [
        {
          code: 'FD107',
          severity: 'error',
          message: 'nothing stands for the pods that this file would choose',
          at: document.placeOf(['kind']),
          expected: '--target NAME=process:port:8080, or another target, once or more',
        },
      ],
    };
  }
  const { kind, metadata, spec } = checked.value;
  const { selector: _, ...ownSpec } = spec;
  const on = targets.flatMap((text) => {
    const option = parseTargetOption(text);
    return option.ok ? [option.value.name] : [];
  });
  const origin = (path: YamlPath): YamlPath => {
    if (path[0] !== 'spec') return path;
    return path[1] === 'faults' && path[3] === 'spec' ? ['spec', ...path.slice(4)] : ['kind'];
  };
  return {
    ok: true,
    value: {
      ...document,
      value: {
        apiVersion,
        kind: 'Experiment',
        metadata: { name: metadata.name },
        spec: { faults: [{ kind, on, spec: ownSpec }] },
      },
      placeOf: (path) => document.placeOf(origin(path)),
      placeOfKey: (path) => document.placeOfKey(origin(path)),
      placeInside: (path, offset, length) => document.placeInside(origin(path), offset, length),
      nameOf: (path) => document.nameOf(origin(path)),
      isPlain: (path) => document.isPlain(origin(path)),
    },
  };
}
