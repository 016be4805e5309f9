import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Labels } from '../../src/base/labels.ts';
import { queryInstant, queryRange } from '../../src/cli/commands/query.ts';
import { type QueryData, queryText } from '../../src/cli/query-text.ts';
import type { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { describeWith } from '../support/requires.ts';
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

// Debian's promtool knows neither strings nor native histograms.
describeWith(['promtool'], 'promtool, asked the same of the same server', () => {
  function richStore(): SeriesStore {
    const store = smallStore();
    for (const [atMs, value] of [
      [1_700_000_000_000, 1e-9],
      [1_700_000_015_500, 1.25e23],
      [1_700_000_030_000, Number.NaN],
    ] as const)
      store.appendBatch({
        source: 'rich',
        atMs,
        samples: [{ labels: Labels.from({ __name__: 'odd', text: 'a "b"\\\n' }), value }],
      });
    return store;
  }

  const printedBy = async (ask: () => Promise<number>) => {
    printed = '';
    await ask();
    return printed.trimEnd();
  };

  test.each(['up', 'requests_total / 7', 'odd', 'sum(up)', '1e-9', '(-1)/0', 'nothing', 'up[1m]'])(
    'prints %s alike',
    async (query) => {
      const { url } = await startApp({ store: richStore() });
      for (const time of ['1700000030', '1700000015.5', '2023-11-14T22:13:50Z']) {
        const theirs = await execa('promtool', ['query', 'instant', '--time', time, url, query]);
        const ours = await printedBy(() => queryInstant(query, { ...options, source: url, time }));
        expect(ours).toBe(theirs.stdout.trimEnd());
      }
    },
  );

  test.each(['up', 'rate(requests_total[1m])', 'odd', '42', 'nothing'])(
    'prints the range of %s alike',
    async (query) => {
      const { url } = await startApp({ store: richStore() });
      const [start, end, step] = ['1700000000', '1700000060', '15s'];
      const theirs = await execa('promtool', [
        'query',
        'range',
        '--start',
        start,
        '--end',
        end,
        '--step',
        step,
        url,
        query,
      ]);
      const ours = await printedBy(() => queryRange(query, { ...options, source: url, start, end, step }));
      expect(ours).toBe(theirs.stdout.trimEnd());
    },
  );

  test('and refuses what it refuses', async () => {
    const { url } = await startApp();
    const theirs = await execa('promtool', ['query', 'instant', url, 'sum('], { reject: false });
    expect(theirs.exitCode).not.toBe(0);
    const reason = /1:5: parse error: .*/.exec(theirs.stderr)![0];
    await expect(queryInstant('sum(', { ...options, source: url })).rejects.toThrow(reason);
  });
});
