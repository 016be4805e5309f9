import { expect, test } from 'vitest';
import type { LabelRecord } from '../../src/base/labels.ts';
import { compileRelabel, type RelabelRule } from '../../src/telemetry/metrics/relabel/relabel.ts';

const defaults = {
  sourceLabels: [],
  separator: ';',
  regex: '(.*)',
  modulus: 0,
  targetLabel: '',
  replacement: '$1',
};

function relabeled(labels: LabelRecord, ...rules: Partial<RelabelRule>[]): LabelRecord | undefined {
  return compileRelabel(rules.map((rule) => ({ ...defaults, action: 'replace' as const, ...rule })))(labels);
}

const labels = { a: 'foo', b: 'bar', c: 'baz' };

test.each<[string, Partial<RelabelRule>, LabelRecord | undefined]>([
  [
    'replace takes groups',
    { sourceLabels: ['a'], targetLabel: 'd', regex: 'f(.*)', replacement: 'ch$1-ch$1' },
    { ...labels, d: 'choo-choo' },
  ],
  ['replace joins sources', { sourceLabels: ['a', 'b'], targetLabel: 'd' }, { ...labels, d: 'foo;bar' }],
  ['no match changes nothing', { sourceLabels: ['a'], regex: 'x', targetLabel: 'd' }, labels],
  ['a match is of the whole value', { sourceLabels: ['a'], regex: 'o', targetLabel: 'd' }, labels],
  [
    'an empty replacement takes the label away',
    { targetLabel: 'a', replacement: '' },
    { b: 'bar', c: 'baz' },
  ],
  [
    'names are as long as they can be',
    { sourceLabels: ['a'], targetLabel: 'd', replacement: 'x$1y${1}z$$' },
    { ...labels, d: 'xfooz$' },
  ],
  [
    'named groups',
    { sourceLabels: ['a'], regex: '(?P<first>.)(.*)', targetLabel: 'd', replacement: '$2${first}' },
    { ...labels, d: 'oof' },
  ],
  [
    'the target may hold a group',
    { sourceLabels: ['a'], regex: '(.)(.*)', targetLabel: '${1}_x', replacement: '$2' },
    { ...labels, f_x: 'oo' },
  ],
  ['keep', { action: 'keep', sourceLabels: ['a'], regex: 'foo' }, labels],
  ['keep drops', { action: 'keep', sourceLabels: ['a'], regex: 'bar' }, undefined],
  ['drop', { action: 'drop', sourceLabels: ['a', 'b'], regex: 'foo;.*' }, undefined],
  ['keepequal', { action: 'keepequal', sourceLabels: ['a'], targetLabel: 'b' }, undefined],
  ['dropequal', { action: 'dropequal', sourceLabels: ['a'], targetLabel: 'a' }, undefined],
  [
    'labelmap',
    { action: 'labelmap', regex: '([ab])', replacement: 'new_$1' },
    { ...labels, new_a: 'foo', new_b: 'bar' },
  ],
  ['labeldrop', { action: 'labeldrop', regex: 'a|b' }, { c: 'baz' }],
  ['labelkeep', { action: 'labelkeep', regex: 'a' }, { a: 'foo' }],
  ['uppercase', { action: 'uppercase', sourceLabels: ['a'], targetLabel: 'a' }, { ...labels, a: 'FOO' }],
  [
    'hashmod',
    { action: 'hashmod', sourceLabels: ['c'], targetLabel: 'd', modulus: 1000 },
    { ...labels, d: '976' },
  ],
])('%s', (_, rule, expected) => {
  expect(relabeled(labels, rule)).toEqual(expected);
});

test('rules work one after the other, and nothing follows a drop', () => {
  const first = { sourceLabels: ['a'], targetLabel: 'd' };
  expect(relabeled(labels, first, { action: 'keep', sourceLabels: ['d'], regex: 'foo' })).toHaveProperty(
    'd',
    'foo',
  );
  expect(relabeled(labels, { action: 'drop', sourceLabels: ['a'] }, first)).toBeUndefined();
});
