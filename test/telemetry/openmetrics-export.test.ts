import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { UserError } from '../../src/base/diagnostics.ts';
import { type LabelRecord, Labels } from '../../src/base/labels.ts';
import { ExemplarStore } from '../../src/telemetry/metrics/exemplars.ts';
import { SeriesTable } from '../../src/telemetry/metrics/exposition/exposition.ts';
import { parseOpenMetrics } from '../../src/telemetry/metrics/exposition/openmetrics.ts';
import { MetadataStore } from '../../src/telemetry/metrics/metadata.ts';
import { SeriesStore } from '../../src/telemetry/metrics/store.ts';
import { exportOpenMetrics } from '../../src/telemetry/recording/openmetrics-export.ts';
import { importOpenMetrics } from '../../src/telemetry/recording/openmetrics-import.ts';
import { describeWith } from '../support/requires.ts';
import { samplesOf } from './samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'firedrill-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'recording.om');

function storeOf(samples: readonly (readonly [LabelRecord, number, number | 'stale'])[]): SeriesStore {
  const store = new SeriesStore();
  for (const [labels, atMs, value] of samples) {
    const sample = {
      labels: Labels.from(labels),
      value: value === 'stale' ? 0 : value,
      stale: value === 'stale',
    };
    store.appendBatch({ source: 's', atMs, samples: [sample] });
  }
  return store;
}

describe('the export', () => {
  it('groups by metric, keeps times and values, and counts what the format cannot hold', async () => {
    const store = storeOf([
      [{ __name__: 'b', job: 'x"\\\ny' }, 1000, 1.5],
      [{ __name__: 'a' }, 1500, Number.NEGATIVE_INFINITY],
      [{ __name__: 'b', job: 'x"\\\ny' }, 8001, -0],
      [{ __name__: 'a' }, 2500, 'stale'],
      [{ __name__: 'my.metric' }, 3000, 1],
      [{ job: 'nameless' }, 3000, 1],
    ]);
    expect(await exportOpenMetrics(store, path)).toMatchObject({ written: 3, leftOut: 3 });
    expect(readFileSync(path, 'utf8')).toBe(
      'a -Inf 1.5\nb{job="x\\"\\\\\\ny"} 1.5 1\nb{job="x\\"\\\\\\ny"} -0 8.0011\n# EOF\n',
    );
  });

  it('has exemplars and starts at counters, as the format allows, and counts those that have no place', async () => {
    const [store, exemplars, metadata] = [new SeriesStore(), new ExemplarStore(), new MetadataStore()];
    metadata.replace('s', [
      { name: 'a', type: 'counter', help: '', unit: '' },
      { name: 'g', type: 'gauge', help: '', unit: '' },
    ]);
    const counter = Labels.from({ __name__: 'a_total', job: 'j' });
    const gauge = Labels.from({ __name__: 'g' });
    for (const [i, startMs] of [500, 500, 2500].entries()) {
      const samples = [
        { labels: counter, value: i, startMs },
        { labels: gauge, value: i },
      ];
      store.appendBatch({ source: 's', atMs: 1000 * (i + 1), samples });
    }
    const exemplar = (name: string) => ({
      labels: [[name, 'x"y']] as [string, string][],
      value: 0.5,
      atMs: undefined,
    });
    exemplars.add(counter, exemplar('trace_id'), 1500);
    exemplars.add(counter, exemplar('span_id'), 1600);
    exemplars.add(counter, exemplar('my.id'), 2600);
    exemplars.add(gauge, exemplar('trace_id'), 1000);
    const count = await exportOpenMetrics(store, path, { exemplars, metadata });
    expect(count).toEqual({ written: 6, leftOut: 0, exemplarsWritten: 1, exemplarsLeftOut: 3 });
    const text = readFileSync(path, 'utf8');
    expect(text).toBe(
      [
        '# TYPE a counter',
        'a_total{job="j"} 0 1',
        'a_created{job="j"} 0.5 1',
        'a_total{job="j"} 1 2 # {span_id="x\\"y"} 0.5 1.6',
        'a_total{job="j"} 2 3',
        'a_created{job="j"} 2.5 3',
        'g 0 1',
        'g 1 2',
        'g 2 3',
        '# EOF\n',
      ].join('\n'),
    );
    const table = new SeriesTable((pairs) => Labels.from(pairs).toString());
    expect(parseOpenMetrics(text, table, { strict: true }).samples).toHaveLength(8);
  });

  it('is read back to the same samples', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 2e12 }), fc.double()), { maxLength: 30 }),
        async (samples) => {
          const store = storeOf(samples.map(([atMs, value]) => [{ __name__: 'a', le: '1' }, atMs, value]));
          await exportOpenMetrics(store, path);
          expect(samplesOf(await importOpenMetrics(path), 'a')).toEqual(samplesOf(store, 'a'));
        },
      ),
    );
  });

  it('reads text that comes in many parts, and names the line of a mistake in a late one', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `b_bucket{le="${i % 3}",zone="é"} ${i} ${i}\n`);
    const text = `# TYPE a counter\n# TYPE b histogram\n${lines.join('')}`;
    writeFileSync(path, `${text}# EOF\n`);
    const store = await importOpenMetrics(path);
    expect([store.sampleCount, store.labelValues('le')]).toEqual([60_000, ['0.0', '1.0', '2.0']]);
    const problem = (error: Error) => error.message;
    writeFileSync(path, text);
    expect(await importOpenMetrics(path).catch(problem)).toContain('line 60003: the text ends without # EOF');
    writeFileSync(path, `# EOF\n${text}# EOF\n`);
    expect(await importOpenMetrics(path).catch(problem)).toContain('text follows # EOF');
  });

  it('says why a file cannot be written or read', async () => {
    const code = (error: UserError) => error.diagnostics[0]!.code;
    expect(await exportOpenMetrics(storeOf([]), folder).catch(code)).toBe('FD709');
    expect(await importOpenMetrics(join(folder, 'none')).catch(code)).toBe('FD101');
    writeFileSync(path, 'a 1\n# EOF\n');
    expect(await importOpenMetrics(path).catch(code)).toBe('FD706');
    writeFileSync(path, 'a 1 1\nb\n# EOF\n');
    expect(await importOpenMetrics(path).catch((error: Error) => error.message)).toContain('line 2');
  });
});

describeWith(['promtool'], 'promtool', () => {
  it('makes blocks of the export that hold the same samples at the same milliseconds', async () => {
    const startMs = 1_795_140_000_000;
    const samples = Array.from({ length: 600 }, (_, i) => {
      const labels = { __name__: i % 2 ? 'b_total' : 'a', job: `j${i % 5}`, path: 'x "y" \\z' };
      // Milliseconds that a division by 1000 does not hit exactly are among these.
      return [labels, startMs + i * 37_123, i % 50 === 49 ? 'stale' : i / 7] as const;
    });
    const store = storeOf(samples);
    expect(await exportOpenMetrics(store, path)).toMatchObject({ written: 588, leftOut: 12 });
    const blocks = join(folder, 'blocks');
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', path, blocks], {
      stdio: 'ignore',
    });
    // The dump opens a database, which has a log beside its blocks.
    mkdirSync(join(blocks, 'wal'));
    const dump = execFileSync('promtool', ['tsdb', 'dump', blocks], { encoding: 'utf8' });
    const times = (lines: string[]) => lines.map((line) => line.split(' ').at(-1)).sort();
    const found = dump.trim().split('\n');
    expect(found).toHaveLength(588);
    expect(times(found)).toEqual(
      samples.filter(([, , value]) => value !== 'stale').map(([, atMs]) => String(atMs)),
    );
    expect(found.find((line) => line.endsWith(` ${startMs + 37_123}`))).toContain(
      `{__name__="b_total", job="j1", path="x \\"y\\" \\\\z"} ${1 / 7} `,
    );
  });
});
