import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/diagnostics.ts';
import { instantQuery } from '../../src/promql/engine.ts';
import { parseExpr } from '../../src/promql/parser.ts';
import { selectorsOf } from '../../src/promql/walk.ts';
import { allFeatures } from './all-features.ts';
import { MemorySource } from './memory-source.ts';
import { parseSeriesLine } from './promqltest/series-notation.ts';

function parse(text: string) {
  const parsed = parseExpr(text, { features: allFeatures });
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.expr;
}

/** Results a minute apart, at the time of the second sample. */
function resultOf(text: string, ...lines: string[]): string[] {
  const source = new MemorySource();
  for (const { labels, points } of lines.map(parseSeriesLine)) {
    points.forEach((point, i) => {
      if (point.kind === 'float') source.append(labels, i * 60_000, point.value);
      if (point.kind === 'histogram') source.append(labels, i * 60_000, point.histogram);
    });
  }
  const result = instantQuery(source, parse(text), 60_000);
  if (result.type !== 'vector') throw new Error(`got a ${result.type}`);
  return result.samples.map(({ labels, value }) => `${labels} ${value}`).sort();
}

const metric = 'm{instance="i", job="j"} 1 2';
const target = 'target_info{instance="i", job="j", version="1", zone="z"} 1 1';

describe('info', () => {
  it('adds the labels of target_info', () => {
    expect(resultOf('info(m)', metric, target)).toEqual([
      'm{instance="i", job="j", version="1", zone="z"} 2',
    ]);
  });

  it('adds only those that are asked for, and keeps those that are there', () => {
    const versioned = 'm{instance="i", job="j", version="0"} 1 2';
    expect(resultOf('info(m, {zone=~".+"})', metric, target)).toEqual([
      'm{instance="i", job="j", zone="z"} 2',
    ]);
    expect(resultOf('info(m)', versioned, target)).toEqual([
      'm{instance="i", job="j", version="0", zone="z"} 2',
    ]);
  });

  it('drops a series without partner only when a label is demanded', () => {
    expect(resultOf('info(m, {zone="elsewhere"})', metric, target)).toEqual([]);
    expect(resultOf('info(m, {zone=~".*"})', metric)).toEqual(['m{instance="i", job="j"} 2']);
  });

  it('takes the newer of two, and fails on two of one age', () => {
    const [older, newer] = [
      'target_info{instance="i", job="j", v="1"} 1 _',
      'target_info{instance="i", job="j", v="2"} _ 1',
    ];
    expect(resultOf('info(m)', metric, older, newer)).toEqual(['m{instance="i", job="j", v="2"} 2']);
    const twin = 'target_info{instance="i", job="j", v="1"} _ 1';
    expect(() => resultOf('info(m)', metric, twin, newer)).toThrow(/^found duplicate series for info metric/);
  });

  it('fails when two info metrics contradict each other', () => {
    const build = 'build_info{instance="i", job="j", version="2"} 1 1';
    expect(() => resultOf('info(m, {__name__=~".+_info"})', metric, target, build)).toThrow(
      'conflicting label: version',
    );
  });

  it('wants numbers of info metrics', () => {
    const histogram = 'target_info{instance="i", job="j"} {{count:1}}x1';
    expect(() => resultOf('info(m)', metric, histogram)).toThrow(UserError);
  });

  it('leaves info metrics themselves alone', () => {
    expect(resultOf('info(target_info)', target)).toHaveLength(1);
  });

  it('selects nothing with its second argument', () => {
    expect(selectorsOf(parse('info(m, {zone="z"})')).map(({ selector }) => selector.name)).toEqual(['m']);
  });
});
