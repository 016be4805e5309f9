import { describe, expect, it } from 'vitest';
import { readObjectives } from '../../../src/slo/read.ts';

function read(text: string) {
  return readObjectives([{ file: 'slo.yaml', text }], { features: new Set() });
}

const events = "{ events: { error_query: 'e[{{.window}}]', total_query: 't[{{.window}}]' } }";

describe('a file of Sloth', () => {
  it('is read with its labels merged and its texts kept', () => {
    const { objectives, diagnostics } = read(
      `version: prometheus/v1\nservice: shop\nlabels: { tier: 2, team: a }\nslos:\n  - { name: orders, objective: 99.90, labels: { team: b }, sli: ${events} }\n`,
    );
    expect(diagnostics).toEqual([]);
    expect(objectives[0]).toMatchObject({
      id: 'shop-orders',
      labels: { tier: '2', team: 'b' },
      target: { text: '99.90', errorBudget: 0.001 },
      sli: { type: 'ratio', bad: { promql: 'e[{{.window}}]', form: 'placeholder' } },
    });
  });

  it.each<[string, string, [string, number, number]]>([
    ['an objective above 100', `[{ name: ok, objective: 101, sli: ${events} }]`, ['FD110', 3, 31]],
    ['an unknown key', `[{ name: ok, objectiv: 99, sli: ${events} }]`, ['FD106', 3, 20]],
    [
      'a query without a window',
      "[{ name: ok, objective: 99, sli: { raw: { error_ratio_query: 'e' } } }]",
      ['FD853', 3, 68],
    ],
    [
      'a query that is none',
      "[{ name: ok, objective: 99, sli: { raw: { error_ratio_query: 'rate(e[{{.window}}]' } } }]",
      ['FD201', 3, 88],
    ],
    [
      'two indicators',
      "[{ name: ok, objective: 99, sli: { raw: { error_ratio_query: 'e[{{.window}}]' }, plugin: { id: a } } }]",
      ['FD851', 3, 40],
    ],
    ['a plugin', '[{ name: ok, objective: 99, sli: { plugin: { id: a } } }]', ['FD853', 3, 50]],
    ['a short name', `[{ name: o, objective: 99, sli: ${events} }]`, ['FD850', 3, 16]],
    [
      'a name that is there twice',
      `[{ name: ok, objective: 9, sli: ${events} }, { name: ok, objective: 8, sli: ${events} }]`,
      ['FD111', 3, 127],
    ],
  ])('with %s is refused with its place', (_what, slos, expected) => {
    const { diagnostics } = read(`version: prometheus/v1\nservice: shop\nslos: ${slos}\n`);
    expect(diagnostics.map(({ code, at }) => [code, at?.line, at?.column])).toEqual([expected]);
  });

  it('of 100 % is warned of, and so are plugins', () => {
    const { objectives, diagnostics } = read(
      `version: prometheus/v1\nservice: shop\nslo_plugins: { chain: [] }\nslos: [{ name: ok, objective: 100, sli: ${events} }]\n`,
    );
    expect(objectives).toHaveLength(1);
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ['FD853', 'warning'],
      ['FD856', 'warning'],
    ]);
  });

  it('of another version is told as such', () => {
    const { diagnostics } = read('version: prometheus/v2\nservice: shop\nslos: []\n');
    expect(diagnostics[0]).toMatchObject({ at: { line: 1, column: 10 } });
  });
});
