// The objects of OpenSLO documents, each checked against the schema of its kind and version. A document holds one
// object or a list of them.

import { z } from 'zod';
import { nearest } from '../../base/diagnostics.ts';
import { checkYaml, type YamlDocument, type YamlPath } from '../../base/yaml.ts';
import type { ReaderOptions } from '../reader.ts';
import type { Definition, OpenSloVersion } from './definition.ts';
import type { Findings } from './findings.ts';
import { type Metadata, metadataV1, metadataV1alpha, metadataV2alpha } from './metadata.ts';
import { isMapping } from './scalars.ts';
import { alertConditionSpec } from './v1/alert-condition.ts';
import { alertNotificationTargetSpec } from './v1/alert-notification-target.ts';
import { alertPolicySpec } from './v1/alert-policy.ts';
import { dataSourceSpec } from './v1/data-source.ts';
import {
  defineAlertCondition,
  defineAlertPolicy,
  defineNotificationTarget,
  defineSli,
  defineSlo,
  type Envelope,
} from './v1/define.ts';
import { serviceSpec } from './v1/service.ts';
import { sliSpec } from './v1/sli.ts';
import { sloSpec } from './v1/slo.ts';
import { defineSloV1alpha } from './v1alpha/define.ts';
import { sloSpecV1alpha } from './v1alpha/slo.ts';
import { defineSliV2alpha, defineSloV2alpha } from './v2alpha/define.ts';
import { sliSpecV2alpha } from './v2alpha/sli.ts';
import { alertConditionSpecV2alpha, alertPolicySpecV2alpha, sloSpecV2alpha } from './v2alpha/slo.ts';

/** Checks one object; what is wrong goes to the findings. */
type KindReader = (
  document: YamlDocument,
  path: YamlPath,
  value: unknown,
  findings: Findings,
) => Definition | undefined;

function kindReader<M extends z.ZodType<Metadata>, S extends z.ZodType>(
  version: OpenSloVersion,
  metadata: M,
  kind: Definition['kind'],
  spec: S,
  define: (envelope: Envelope, spec: z.output<S>) => Definition,
): KindReader {
  const schema = z.strictObject({ apiVersion: z.literal(version), kind: z.literal(kind), metadata, spec });
  return (document, path, value, findings) => {
    const checked = checkYaml(document, schema, value, path);
    if (!checked.ok) {
      findings.diagnostics.push(...checked.diagnostics);
      return undefined;
    }
    const fields = checked.value as { readonly metadata: Metadata; readonly spec: z.output<S> };
    return define({ version, document, path, metadata: fields.metadata }, fields.spec);
  };
}

function v1Kinds(): Record<string, KindReader> {
  const version = 'openslo/v1';
  const metadata = metadataV1;
  return {
    DataSource: kindReader(version, metadata, 'DataSource', dataSourceSpec, (envelope, { type }) => ({
      kind: 'DataSource',
      definition: { ...envelope, type },
    })),
    Service: kindReader(version, metadata, 'Service', serviceSpec.nullish(), (envelope) => ({
      kind: 'Service',
      definition: envelope,
    })),
    SLI: kindReader(version, metadata, 'SLI', sliSpec, (envelope, spec) => ({
      kind: 'SLI',
      definition: defineSli(envelope, spec),
    })),
    SLO: kindReader(version, metadata, 'SLO', sloSpec, (envelope, spec) => ({
      kind: 'SLO',
      definition: defineSlo(envelope, spec),
    })),
    ...alertKinds(version, metadata, alertPolicySpec, alertConditionSpec),
  };
}

function v2alphaKinds(): Record<string, KindReader> {
  const version = 'openslo.com/v2alpha';
  const metadata = metadataV2alpha;
  return {
    DataSource: kindReader(version, metadata, 'DataSource', dataSourceSpec, (envelope, { type }) => ({
      kind: 'DataSource',
      definition: { ...envelope, type },
    })),
    Service: kindReader(version, metadata, 'Service', serviceSpec.nullish(), (envelope) => ({
      kind: 'Service',
      definition: envelope,
    })),
    SLI: kindReader(version, metadata, 'SLI', sliSpecV2alpha, (envelope, spec) => ({
      kind: 'SLI',
      definition: defineSliV2alpha(envelope, spec),
    })),
    SLO: kindReader(version, metadata, 'SLO', sloSpecV2alpha, (envelope, spec) => ({
      kind: 'SLO',
      definition: defineSloV2alpha(envelope, spec),
    })),
    ...alertKinds(version, metadata, alertPolicySpecV2alpha, alertConditionSpecV2alpha),
  };
}

/** The same in v1 and v2alpha, but for metadata and the units of durations. */
function alertKinds(
  version: OpenSloVersion,
  metadata: z.ZodType<Metadata>,
  policySpec: typeof alertPolicySpec | typeof alertPolicySpecV2alpha,
  conditionSpec: typeof alertConditionSpec,
): Record<string, KindReader> {
  return {
    AlertPolicy: kindReader(version, metadata, 'AlertPolicy', policySpec, (envelope, spec) => ({
      kind: 'AlertPolicy',
      definition: defineAlertPolicy(envelope, spec),
    })),
    AlertCondition: kindReader(version, metadata, 'AlertCondition', conditionSpec, (envelope, spec) => ({
      kind: 'AlertCondition',
      definition: defineAlertCondition(envelope, spec),
    })),
    AlertNotificationTarget: kindReader(
      version,
      metadata,
      'AlertNotificationTarget',
      alertNotificationTargetSpec,
      (envelope, spec) => ({
        kind: 'AlertNotificationTarget',
        definition: defineNotificationTarget(envelope, spec),
      }),
    ),
  };
}

function v1alphaKinds(): Record<string, KindReader> {
  const version = 'openslo/v1alpha';
  return {
    Service: kindReader(version, metadataV1alpha, 'Service', serviceSpec.nullish(), (envelope) => ({
      kind: 'Service',
      definition: envelope,
    })),
    SLO: kindReader(version, metadataV1alpha, 'SLO', sloSpecV1alpha, (envelope, spec) => ({
      kind: 'SLO',
      definition: defineSloV1alpha(envelope, spec),
    })),
  };
}

const kindsByVersion: Readonly<Record<OpenSloVersion, Readonly<Record<string, KindReader>>>> = {
  'openslo/v1': v1Kinds(),
  'openslo/v1alpha': v1alphaKinds(),
  'openslo.com/v2alpha': v2alphaKinds(),
};

/** Every object of a document that is right by itself. */
export function readObjects(
  document: YamlDocument,
  options: ReaderOptions,
  findings: Findings,
): Definition[] {
  const entries: { readonly path: YamlPath; readonly value: unknown }[] = Array.isArray(document.value)
    ? document.value.map((value: unknown, index) => ({ path: [index], value }))
    : [{ path: [], value: document.value }];
  return entries.flatMap(({ path, value }) => readObject(document, path, value, options, findings) ?? []);
}

function readObject(
  document: YamlDocument,
  path: YamlPath,
  value: unknown,
  { features }: ReaderOptions,
  findings: Findings,
): Definition | undefined {
  if (!isMapping(value)) {
    findings.error('FD105', `${document.nameOf(path)} is no mapping`, document, path, 'an object of OpenSLO');
    return undefined;
  }
  const version = String(value.apiVersion);
  if (!Object.hasOwn(kindsByVersion, version)) {
    const versions = Object.keys(kindsByVersion);
    findings.error(
      'FD105',
      `apiVersion is ${JSON.stringify(value.apiVersion)}`,
      document,
      [...path, 'apiVersion'],
      nearest(version, versions) ?? `one of ${versions.join(', ')}`,
    );
    return undefined;
  }
  if (version === 'openslo.com/v2alpha' && !features.has('openslo-v2alpha')) {
    findings.error('FD855', `${version} is off`, document, [...path, 'apiVersion']);
    return undefined;
  }
  const kinds = kindsByVersion[version as OpenSloVersion];
  const kind = String(value.kind);
  if (!Object.hasOwn(kinds, kind)) {
    const names = Object.keys(kinds);
    findings.error(
      value.kind === undefined ? 'FD107' : 'FD105',
      value.kind === undefined ? 'kind is required' : `${version} has no kind ${JSON.stringify(value.kind)}`,
      document,
      [...path, 'kind'],
      nearest(kind, names) ?? `one of ${names.join(', ')}`,
    );
    return undefined;
  }
  return kinds[kind]!(document, path, value, findings);
}
