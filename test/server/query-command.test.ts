import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { queryInstant, queryRange } from '../../src/cli/commands/query.ts';
import { type QueryData, queryText } from '../../src/cli/query-text.ts';
import { smallStore, startApp, stopApps } from './support.ts';

let folder = '';
let printed = '';
const options = { runs: '.firedrill/runs', output: 'text' as const };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'firedrill-query-'));
  printed = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});

afterEach(async () => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
  await stopApps();
});

function file(): string {
  const path = join(folder, 'data.om');
  writeFileSync(path, 'up{job="a"} 1 1700000000\nup{job="a"} 0 1700000015\n# EOF\n');
  return path;
}

test('a file is asked at the end of what it holds', async () => {
  expect(await queryInstant('up', { ...options, source: file() })).toBe(0);
  expect(printed).toBe('up{job="a"} => 0 @[1700000015]\n');
});

test('a range is printed series by series', async () => {
  await queryRange('up', { ...options, source: file(), start: '1700000000', step: '15s' });
  expect(printed).toBe('up{job="a"} =>\n1 @[1700000000]\n0 @[1700000015]\n');
});

test('a server is asked over HTTP, with the same result', async () => {
  const { url } = await startApp({ store: smallStore() });
  await queryInstant('up{job="b"}', { ...options, source: url, time: '2023-11-14T22:13:50Z' });
  expect(printed).toBe('up{job="b"} => 0 @[1700000030]\n');
  printed = '';
  await queryRange('1', { ...options, source: url, end: '10', start: '0', step: '10', output: 'json' });
  expect(JSON.parse(printed)).toEqual([
    {
      metric: {},
      values: [
        [0, '1'],
        [10, '1'],
      ],
    },
  ]);
});

test('mistakes are told', async () => {
  const source = file();
  await expect(queryInstant('up{', { ...options, source })).rejects.toThrow('1:4: parse error');
  await expect(queryInstant('up', { ...options, source, time: 'soon' })).rejects.toThrow(
    '--time: "soon" is not a time',
  );
  await expect(queryRange('up', { ...options, source, step: '0' })).rejects.toThrow('--step: "0" is no step');
  await expect(queryInstant('up', { ...options, source: join(folder, 'none') })).rejects.toThrow(
    'there is no source',
  );
  const { url } = await startApp();
  await expect(queryInstant('up{', { ...options, source: url })).rejects.toThrow(
    'refused: invalid parameter "query"',
  );
});

test('every kind of result is printed as promtool does', () => {
  const results: [QueryData, string][] = [
    [{ resultType: 'scalar', result: [1.5, '1e-07'] }, 'scalar: 0.0000001 @[1.5]'],
    [{ resultType: 'string', result: [1, 'text'] }, 'text'],
    [{ resultType: 'vector', result: [] }, ''],
    [{ resultType: 'vector', result: [{ metric: {}, value: [1, '-Inf'] }] }, '{} => -Inf @[1]'],
    [
      {
        resultType: 'vector',
        result: [
          {
            metric: { __name__: 'h' },
            histogram: [1, { count: '3', sum: '2.5', buckets: [[0, '0.5', '1', '3']] }],
          },
        ],
      },
      'h => Count: 3.000000, Sum: 2.500000, Buckets: [(0.5,1]:3] @[1]',
    ],
  ];
  for (const [data, text] of results) expect(queryText(data)).toBe(text);
});
