// `metadata` of OpenSLO's objects, and what the rest of the house wants to know of it.

import { z } from 'zod';
import { complain } from '../../base/scalars.ts';
import type { MetadataLabels } from '../objective.ts';
import { displayName, objectName } from './scalars.ts';

const segment = '[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?';
const labelKeyPattern = new RegExp(`^${segment}$`);
const annotationNamePattern = new RegExp(`^${segment}$`);
const subdomainPattern = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/;
const subdomainLengthMax = 253;

const keyExpected = 'letters, digits, `-`, `_` and `.`, at most 63, not a sign first or last';

/** An optional DNS subdomain with a slash, and a name. */
function isAnnotationKey(key: string): boolean {
  const slash = key.lastIndexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const isPrefixed =
    prefix === undefined || (prefix.length <= subdomainLengthMax && subdomainPattern.test(prefix));
  return isPrefixed && annotationNamePattern.test(key.slice(slash + 1));
}

const labelKey = z.string().superRefine((key, context) => {
  if (!labelKeyPattern.test(key))
    complain(context, 'FD850', `${JSON.stringify(key)} is no key of a label`, { expected: keyExpected });
});

const annotationKey = z.string().superRefine((key, context) => {
  if (!isAnnotationKey(key))
    complain(context, 'FD850', `${JSON.stringify(key)} is no key of an annotation`, {
      expected: `an optional domain with a slash, then ${keyExpected}`,
    });
});

/** v1: labels may have lists of values. */
export const metadataV1 = z.strictObject({
  name: objectName,
  displayName: displayName.optional(),
  labels: z.record(labelKey, z.union([z.string(), z.array(z.string())])).optional(),
  annotations: z.record(annotationKey, z.string()).optional(),
});

export const metadataV1alpha = z.strictObject({ name: objectName, displayName: displayName.optional() });

const labelValueV2 = z.string().superRefine((value, context) => {
  if (!/^([a-z0-9]([-._a-z0-9]{0,61}[a-z0-9])?)?$/.test(value))
    complain(context, 'FD850', `${JSON.stringify(value)} is no value of a label`, {
      expected: 'lower-case letters, digits, `-`, `_` and `.`, at most 63',
    });
});

/** v2alpha: keys as in Kubernetes, one value a label, no display name. */
export const metadataV2alpha = z.strictObject({
  name: objectName,
  labels: z.record(annotationKey, labelValueV2).optional(),
  annotations: z.record(annotationKey, z.string()).optional(),
});

/** What any version's metadata can hold. */
export interface Metadata {
  readonly name: string;
  readonly displayName?: string | undefined;
  readonly labels?: MetadataLabels | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}
