// docs/lint.md shows of each lint a rule that it finds.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { buildRoute } from '../../../src/alertmanager/dispatch/route.ts';
import { droppedRouteLabelLint, unroutedLint } from '../../../src/alertmanager/routes/unrouted.ts';
import { Labels } from '../../../src/base/labels.ts';
import { seriesOfStore } from '../../../src/rules/lint/known-series.ts';
import { ruleLints } from '../../../src/rules/lint/lint.ts';
import { SeriesStore } from '../../../src/telemetry/metrics/store.ts';
import { configOf } from '../../alertmanager/timeline.ts';
import { linesOf } from './support.ts';

const blocks = [...readFileSync('docs/lint.md', 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
  ([, text]) => text!,
);
const root = buildRoute(configOf(blocks.find((text) => text.startsWith('route:'))!).route);
const lints = [...ruleLints, droppedRouteLabelLint(root), unroutedLint(root)];
const examples = blocks.flatMap((text) => {
  const code = /^ {2}- name: (FD\d{3})$/m.exec(text)?.[1];
  return code === undefined ? [] : [[code, text] as const];
});

const store = new SeriesStore();
store.appendBatch({
  source: 'test',
  atMs: 1000,
  samples: [{ labels: Labels.from({ __name__: 'up', job: 'app' }), value: 1 }],
});

describe('the examples of docs/lint.md', () => {
  it.each(examples)('%s is found in its own', async (code, text) => {
    const routed = code === 'FD319' || code === 'FD320';
    const context = code === 'FD321' ? { series: seriesOfStore(store) } : {};
    const found = await linesOf(text, context, routed ? lints : ruleLints);
    expect(new Set(found.map((line) => line.slice(0, 5)))).toEqual(new Set([code]));
  });

  it('are one for each lint, with its anchor', () => {
    const codes = [...new Set(lints.map(({ code }) => code)), 'FD305'].sort();
    expect(examples.map(([code]) => code).sort()).toEqual(codes);
    const text = readFileSync('docs/lint.md', 'utf8');
    expect(codes.filter((code) => !text.includes(`<a id="${code.toLowerCase()}"></a>${code}`))).toEqual([]);
  });

  it('silence what they say', async () => {
    const silenced = blocks.find((text) => text.includes('ignore-file'))!;
    expect(await linesOf(silenced)).toEqual([]);
    expect(await linesOf(silenced.replace(/# firedrill.*\n/g, '\n'))).toHaveLength(1);
  });
});
