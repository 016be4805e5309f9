// Chaos Mesh's own examples and schemas: every file is read, and what its schema refuses is refused here.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { checkFile } from '../../../src/experiment/file/check.ts';
import { readExperiment } from '../../../src/experiment/file/read.ts';
import { faultSchemas } from '../../../src/faults/kinds.ts';
import { describeWith } from '../../support/requires.ts';
import { mutationsOf } from './mutations.ts';
import { mistakesIn, specSchemas } from './open-api.ts';

const conformance = process.env.FIREDRILL_CONFORMANCE ?? '';
const hasConformance = { name: 'FIREDRILL_CONFORMANCE', met: () => conformance !== '' };
const files = { read: () => Promise.reject(new Error('no file is named')) };

interface Expected {
  readonly verdict: 'runs' | 'cluster' | 'none' | 'refused';
  readonly codes?: readonly string[];
}

const expected = parse(readFileSync(join(import.meta.dirname, 'examples.yaml'), 'utf8')) as Record<
  string,
  Expected
>;

interface ChaosMeshObject {
  readonly apiVersion?: unknown;
  readonly kind: string;
  readonly spec: Record<string, unknown>;
}

describeWith([hasConformance], "Chaos Mesh's own examples", () => {
  const folder = join(conformance, 'chaos-mesh', 'examples');
  const names =
    conformance === ''
      ? []
      : readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.yaml'));
  const textOf = (name: string) => readFileSync(join(folder, name), 'utf8');

  it('are all known', () => {
    expect(names.sort()).toEqual(Object.keys(expected).sort());
  });

  it.each(names)('%s is checked', async (name) => {
    const { verdict, codes = [] } = expected[name]!;
    const { diagnostics } = await checkFile({ file: name, text: textOf(name), env: {}, files });
    const errors = diagnostics.filter((one) => one.severity === 'error');
    expect(errors.length > 0, JSON.stringify(errors)).toBe(verdict === 'refused');
    expect(diagnostics.map((one) => one.code).sort()).toEqual(codes);
    for (const one of diagnostics) expect(one.at, one.message).toBeDefined();
  });

  it.each(names)('%s runs here, or says why not', async (name) => {
    const { verdict } = expected[name]!;
    const targets = [
      'one=process:pid:100000',
      'two=process:port:8080,label=app.kubernetes.io/component=pool',
    ];
    const read = await readExperiment({
      file: name,
      text: textOf(name),
      env: {},
      files,
      targets,
      durationMs: 1000,
    });
    const codes = read.ok
      ? []
      : read.diagnostics.filter((one) => one.severity === 'error').map((one) => one.code);
    const refusals = {
      runs: [],
      cluster: ['FD130'],
      none: ['FD131'],
      refused: expect.arrayContaining(['FD107']),
    };
    expect(codes).toEqual(refusals[verdict]);
    if (!read.ok) return;
    for (const fault of read.value.faults) expect(Object.keys(faultSchemas)).toContain(fault.kind);
  });
});

describeWith([hasConformance], "Chaos Mesh's own schemas", () => {
  const root = join(conformance, 'chaos-mesh');
  const schemas = conformance === '' ? new Map() : specSchemas(join(root, 'crds'));

  /** Each mutation of each example once, however many examples of its kind have the same place. */
  function cases() {
    const seen = new Set<string>();
    return Object.keys(expected).flatMap((name) =>
      parseAllDocuments(readFileSync(join(root, 'examples', name), 'utf8')).flatMap((document) => {
        const object = document.toJS() as ChaosMeshObject;
        if (!String(object?.apiVersion).startsWith('chaos-mesh.org')) return [];
        return mutationsOf(object.spec).flatMap(({ what, spec }) => {
          // One entry of a list is like the next.
          const key = `${object.kind} ${what.replace(/\[\d+\]/g, '[]')}`;
          if (seen.has(key)) return [];
          seen.add(key);
          return [{ key, kind: object.kind, text: stringify({ ...object, spec }), spec }];
        });
      }),
    );
  }

  it('refuse nothing that is accepted here, and unknown keys on both sides', {
    timeout: 60_000,
  }, async () => {
    const accepted: string[] = [];
    const refused: string[] = [];
    let count = 0;
    for (const { key, kind, text, spec } of cases()) {
      count++;
      const theirs = mistakesIn(schemas.get(kind)!, spec);
      const { diagnostics } = await checkFile({ file: 'mutated.yaml', text, env: {}, files });
      const ours = diagnostics.filter((one) => one.severity === 'error');
      for (const one of ours) expect(one.at, `${key}: ${one.message}`).toBeDefined();
      if (theirs.length > 0 && ours.length === 0) accepted.push(`${key}: ${theirs[0]}`);
      // What their schema lets pass and their webhook or their daemon refuses is refused here for its value, not its shape.
      const shape = ours.find(
        (one) => one.code === 'FD106' || / is (a mapping|a list|the number|true)/.test(one.message),
      );
      if (theirs.length === 0 && shape) refused.push(`${key}: ${shape.message}`);
    }
    expect(count).toBeGreaterThan(1500);
    expect(accepted).toEqual([]);
    expect(refused.filter((each) => !bounds.test(each))).toEqual([]);
  });
});

/** Numbers that their schema leaves open and that mean nothing: ports below 1, percentages above 100, permissions. */
const bounds = /(port|percent|perm|workers|nsec) is the number/;
