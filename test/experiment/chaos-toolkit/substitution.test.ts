import { expect, test } from 'vitest';
import { substitute, variablesOf } from '../../../src/experiment/chaos-toolkit/substitution.ts';

const variables = variablesOf(
  { port: 8080, list: [1, 2], on: true, name: 'configured', none: null },
  { first: { token: 'abc', name: 'secret' }, second: { token: 'later' } },
);

test.each<[unknown, unknown]>([
  ['${port}', 8080],
  ['${list}', [1, 2]],
  ['http://host:${port}/$name', 'http://host:8080/configured'],
  ['is ${on} and ${none}', 'is True and None'],
  ['${token}', 'abc'],
  ['$port', '8080'],
  ['$$port costs $5 ${', '$port costs $5 ${'],
  ['${HOME} and ${not.a.name}', '${HOME} and ${not.a.name}'],
  [{ '${port}': ['${port}', { deep: 'x${port}' }] }, { '${port}': [8080, { deep: 'x8080' }] }],
  [7, 7],
])('%j becomes %j', (written, expected) => {
  expect(substitute(written, variables)).toEqual(expected);
});
