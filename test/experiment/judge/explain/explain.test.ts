// What is said of an expression that stayed false. The shapes are data, in shapes.yaml beside this file.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { explainFalse } from '../../../../src/experiment/judge/explain/explain.ts';
import { rangeQuery } from '../../../../src/promql/engine.ts';
import { noFeatures } from '../../../../src/promql/features.ts';
import { parseExpr } from '../../../../src/promql/parser.ts';
import { SeriesStore } from '../../../../src/telemetry/metrics/store.ts';
import { scrapesOf } from '../truth-table/scrapes.ts';
import { zero } from '../truth-table/story.ts';

const shapes = z
  .array(
    z.strictObject({
      shape: z.string(),
      expr: z.string(),
      series: z.record(z.string(), z.string()),
      says: z.string(),
      evidence: z.array(z.tuple([z.string(), z.string()]).rest(z.number())).optional(),
    }),
  )
  .parse(parse(readFileSync(join(import.meta.dirname, 'shapes.yaml'), 'utf8')));

describe('an expression that stayed false is taken apart', () => {
  test.each(shapes)('$shape', ({ expr: text, series, says, evidence }) => {
    const recording = new SeriesStore();
    for (const scrape of scrapesOf({ series })) recording.appendBatch(scrape);
    const parsed = parseExpr(text);
    if (!parsed.ok) throw new Error(parsed.error.message);
    const window = { fromMs: zero + 20_000, toMs: zero + 50_000, stepMs: 1000, features: noFeatures };
    const truth = rangeQuery(recording, parsed.expr, window.fromMs, window.toMs, window.stepMs);
    expect(truth.series, 'it is false').toEqual([]);

    const why = explainFalse(parsed.expr, { text, recording, window, scrapeIntervalMs: 1000 });

    expect(why.sentence).toContain(says);
    const listed = why.evidence.map(({ label, value, at }) =>
      at === undefined ? [label, value] : [label, value, (at - zero) / 1000],
    );
    for (const [label, value, ...at] of evidence ?? [])
      expect(listed).toContainEqual(at.length > 0 ? [label, value, ...at] : [label, value]);
  });
});
