import { describe, expect, it } from 'vitest';
import { type Selector, selectorSchema, selects } from '../../../src/faults/chaos-mesh/selector.ts';

const targets = [
  { name: 'web-1', namespace: 'shop', labels: { app: 'web', tier: 'front' } },
  { name: 'web-2', namespace: 'shop', labels: { app: 'web' } },
  { name: 'db', namespace: 'data', labels: { app: 'db', tier: 'back' } },
  { name: 'web-1', namespace: 'data', labels: {} },
];

function chosen(selector: Selector): string[] {
  return targets
    .filter((target) => selects(selector, target))
    .map(({ namespace, name }) => `${namespace}/${name}`);
}

describe('a selector', () => {
  it.each<[Selector, string[]]>([
    [{}, ['shop/web-1', 'shop/web-2', 'data/db', 'data/web-1']],
    [{ namespaces: ['data'] }, ['data/db', 'data/web-1']],
    [{ namespaces: [] }, ['shop/web-1', 'shop/web-2', 'data/db', 'data/web-1']],
    [{ labelSelectors: { app: 'web' } }, ['shop/web-1', 'shop/web-2']],
    [{ labelSelectors: { app: 'web', tier: 'front' } }, ['shop/web-1']],
    [{ namespaces: ['data'], labelSelectors: { app: 'web' } }, []],
    [{ pods: { shop: ['web-1', 'db'], data: ['db'] } }, ['shop/web-1', 'data/db']],
    [{ expressionSelectors: [{ key: 'tier', operator: 'Exists' }] }, ['shop/web-1', 'data/db']],
    [{ expressionSelectors: [{ key: 'tier', operator: 'DoesNotExist' }] }, ['shop/web-2', 'data/web-1']],
    [{ expressionSelectors: [{ key: 'app', operator: 'In', values: ['db', 'x'] }] }, ['data/db']],
    // As in Kubernetes, what has no such label is not in the list either.
    [
      { expressionSelectors: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
      ['data/db', 'data/web-1'],
    ],
    [
      {
        labelSelectors: { app: 'web' },
        expressionSelectors: [{ key: 'tier', operator: 'NotIn', values: ['front'] }],
      },
      ['shop/web-2'],
    ],
    // What chooses among pods of a cluster chooses nothing here.
    [
      {
        labelSelectors: { app: 'db' },
        nodes: ['n1'],
        podPhaseSelectors: ['Running'],
        fieldSelectors: { a: 'b' },
      },
      ['data/db'],
    ],
  ])('%j', (selector, expected) => {
    expect(selectorSchema.safeParse(selector).success).toBe(true);
    expect(chosen(selector)).toEqual(expected);
  });

  it.each([
    { expressionSelectors: [{ key: 'app', operator: 'In' }] },
    { expressionSelectors: [{ key: 'app', operator: 'Exists', values: ['x'] }] },
    { expressionSelectors: [{ key: 'app', operator: 'Contains', values: ['x'] }] },
    { podPhaseSelectors: ['running'] },
    { labels: { app: 'web' } },
    { namespaces: 'shop' },
  ])('%j is none', (selector) => {
    expect(selectorSchema.safeParse(selector).success).toBe(false);
  });
});
