import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Objective } from '../../../src/slo/objective.ts';
import { readObjectives } from '../../../src/slo/read.ts';
import type { ReadObjectives } from '../../../src/slo/reader.ts';
import { conformance, conformanceFolder } from '../../support/conformance.ts';
import { describeWith } from '../../support/requires.ts';
import { expectations } from './expected.ts';

const root = conformanceFolder('');

function read(...files: readonly string[]): ReadObjectives {
  return readTexts(...files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') })));
}

function readTexts(...files: readonly { readonly file: string; readonly text: string }[]): ReadObjectives {
  return readObjectives(files, { features: new Set(['openslo-v2alpha']) });
}

function codes({ diagnostics }: ReadObjectives, severity: 'error' | 'warning'): string[] {
  const found = diagnostics.filter((diagnostic) => diagnostic.severity === severity);
  return [...new Set(found.map(({ code }) => code))].sort();
}

/** Without the places, which differ between two ways of writing the same. */
function said(objectives: readonly Objective[]): unknown {
  return JSON.parse(
    JSON.stringify(objectives, (key, value) => (key === 'place' || key === 'origin' ? undefined : value)),
  );
}

describeWith([conformance('openslo'), conformance('openslo-sdk')], "OpenSLO's own files", () => {
  it('are all in the list', () => {
    const files = ['openslo', 'openslo-sdk'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length).replace(/^\//, '')),
    );
    expect(files.sort()).toEqual(expectations.map(({ file }) => file).sort());
  });

  it.each(expectations)('$file', ({ file, refusedBy, warnings }) => {
    const result = read(file);
    expect(codes(result, 'error')).toEqual(refusedBy);
    if (refusedBy.length === 0) expect(codes(result, 'warning')).toEqual(warnings);
  });

  it('has its mistakes placed in the file', () => {
    for (const { file } of expectations)
      for (const { at } of read(file).diagnostics) expect(at).toMatchObject({ file });
  });

  it('says the same with references and with their objects in place', () => {
    const folder = 'openslo-sdk/test_data/inline';
    const named = read(`${folder}/inputs/v1_slo.yaml`).objectives;
    const inlined = read(`${folder}/outputs/v1_slo.yaml`).objectives;
    expect(named).toHaveLength(2);
    expect(named[1]?.alertPolicies).toHaveLength(2);
    expect(said(named)).toEqual(said(inlined));
  });

  it.each([
    ['v1_alert_policies_keep_refs', ['single-referenced-object']],
    [
      'v1_alert_policies_remove_refs',
      ['single-referenced-object', 'multiple-referenced-objects', 'mix-of-referenced-and-inlined-objects'],
    ],
  ])('gives an SLO the same policies from both files of %s', (name, policies) => {
    const slo = {
      file: 'slo.yaml',
      text: `apiVersion: openslo/v1
kind: SLO
metadata: { name: guarded }
spec:
  service: shop
  indicator:
    metadata: { name: up }
    spec: { thresholdMetric: { metricSource: { type: Prometheus, spec: { query: up } } } }
  timeWindow: [{ duration: 1w, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ op: gte, value: 1, target: 0.99 }]
  alertPolicies: [${policies.map((policy) => `{ alertPolicyRef: ${policy} }`).join(', ')}]
`,
    };
    const [named, inlined] = ['inputs', 'outputs'].map((side) => {
      const file = `openslo-sdk/test_data/inline/${side}/${name}.yaml`;
      return readTexts(slo, { file, text: readFileSync(join(root, file), 'utf8') }).objectives;
    });
    expect(named?.[0]?.alertPolicies.map((policy) => policy.name)).toEqual(policies);
    expect(said(named!)).toEqual(said(inlined!));
  });

  it('is off for v2alpha without its flag', () => {
    const file = 'openslo-sdk/test_data/decode/v2alpha_data_source.yaml';
    const text = readFileSync(join(root, file), 'utf8');
    const result = readObjectives([{ file, text }], { features: new Set() });
    expect(result.diagnostics.map(({ code, at }) => [code, at?.line])).toEqual([['FD855', 1]]);
  });
});
