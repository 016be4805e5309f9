// `check` on several files and folders, as the command runs it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkObjectives } from '../../src/cli/check-objectives.ts';
import { namedFiles } from '../../src/cli/named-files.ts';
import { userFiles } from '../../src/cli/surroundings.ts';

const slo = `apiVersion: openslo/v1
kind: SLO
metadata: { name: web }
spec:
  service: shop
  indicatorRef: hits
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;

const sli = `apiVersion: openslo/v1
kind: SLI
metadata: { name: hits }
spec:
  ratioMetric:
    rawType: success
    raw: { metricSource: { type: Prometheus, spec: { query: hits_ratio } } }
`;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-check-'));
  const files = {
    'slo.yaml': slo,
    'deep/sli.yml': sli,
    'deep/more.json': '{}',
    'readme.md': '# no',
    '.hidden/a.yaml': 'a: 1',
    'node_modules/b.yaml': 'b: 1',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder on the command line', () => {
  it('stands for its YAML and JSON files, those of folders in it too', async () => {
    const named = await namedFiles([folder, join(folder, 'slo.yaml')]);
    expect(named.map(({ file, isFound }) => [file.slice(folder.length + 1), isFound])).toEqual([
      ['deep/more.json', true],
      ['deep/sli.yml', true],
      ['slo.yaml', true],
      ['slo.yaml', false],
    ]);
  });

  it('is refused when it holds none', async () => {
    mkdirSync(join(folder, 'empty'));
    await expect(namedFiles([join(folder, 'empty')])).rejects.toThrow('holds no file');
  });

  it('lists the same for an experiment, and a file lists nothing', async () => {
    expect(await userFiles.list?.(folder)).toEqual(['deep/more.json', 'deep/sli.yml', 'slo.yaml']);
    expect(await userFiles.list?.(join(folder, 'slo.yaml'))).toBeUndefined();
  });
});

it('objectives of several files are seen at once, and mistakes stand with their file', async () => {
  const [first, second] = [join(folder, 'slo.yaml'), join(folder, 'deep/sli.yml')];
  const alone = await checkObjectives([first], new Set());
  expect(alone.get(first)?.map(({ code }) => code)).toEqual(['FD110']);
  const together = await checkObjectives([first, second], new Set());
  expect([...together.values()].flat()).toEqual([]);
  writeFileSync(second, sli.replace('success', 'succes'));
  const wrong = await checkObjectives([first, second], new Set());
  expect(wrong.get(second)?.map(({ code }) => code)).toEqual(['FD105']);
});
