import { describe, expect, test } from 'vitest';
import type { Tolerance } from '../../../src/experiment/chaos-toolkit/model.ts';
import { variablesOf } from '../../../src/experiment/chaos-toolkit/substitution.ts';
import { checkTolerance } from '../../../src/experiment/chaos-toolkit/tolerance.ts';

const variables = variablesOf({ wanted: 'hello', word: 'ready' }, {});

async function met(tolerance: unknown, value: unknown): Promise<boolean> {
  const ask = async () => Promise.reject(new Error('nobody is to be asked'));
  return (await checkTolerance(tolerance as Tolerance, value, variables, ask)).met;
}

const json = { type: 'jsonpath' };
const list = { foo: [{ baz: 1 }, { baz: 2 }] };
const output = { status: 0, stdout: 'you are number 87\n', stderr: 'none' };

// Expected results are those of chaostoolkit-lib, of which most stand in its own tests.
describe('a tolerance', () => {
  test.each<[string, unknown, unknown, boolean]>([
    ['true', true, true, true],
    ['true of what is false', true, false, false],
    ['true of 1, which Python takes for equal', true, 1, true],
    ['a string', 'hello', 'hello', true],
    ['a string of a configuration', '${wanted}', 'hello', true],
    ['a string of another', 'hello', 'hello ', false],
    ['a number', 6, 6, true],
    ['a number of a text', 6, '6', false],
    ['a number of a status', 200, { status: 200, body: '' }, true],
    ['a number of another status', 200, { status: 500 }, false],
    ['a list of statuses', [200, 301], { status: 301 }, true],
    ['two statuses, which are no range', [200, 299], { status: 204 }, false],
    ['two numbers, which are a range', [200, 299], 204, true],
    ['the ends of a range', [1, 5], 5, true],
    ['a range of what is no number', [1, 5], 'three', false],
    ['three values, one of which it is', ['a', 'b', 'c'], 'b', true],
    ['three values, none of which it is', ['a', 'b', 'c'], 'd', false],
    ['a pattern found in the middle', { type: 'regex', pattern: '[0-9]{2}' }, 'number 87!', true],
    ['a pattern in a part of the answer', { type: 'regex', target: 'stdout', pattern: '87$' }, output, true],
    ['a pattern that another part has', { type: 'regex', target: 'stdout', pattern: 'none' }, output, false],
    ['a pattern of the configuration', { type: 'regex', pattern: '^${word}' }, 'ready now', true],
    ['a dollar in a class', { type: 'regex', pattern: '^[$]5$' }, '$5', true],
    ['a range in a part', { type: 'range', target: 'body', range: [1.5, 2] }, { body: '1.75' }, true],
    ['a range below', { type: 'range', range: [1.5, 2] }, 1.4, false],
    ['a range of nothing', { type: 'range', range: [0, 2] }, null, false],
    ['a path that finds something', { ...json, path: '$.foo[*].baz' }, list, true],
    ['a path that finds nothing', { ...json, path: '$.bar' }, list, false],
    ['a filter on the value itself', { ...json, path: '$.foo.*[?(@.baz)]', count: 2 }, list, true],
    ['no filter on the children', { ...json, path: '$.foo[?(@.baz)]' }, list, false],
    ['a filter with =', { ...json, path: '$.foo[*][?(@.baz=2)]', count: 1 }, list, true],
    [
      'a filter with words',
      { ...json, path: '$.foo[*][?(@.baz > 0 and not (@.baz = 2))].baz', expect: 1 },
      list,
      true,
    ],
    [
      'a filter whose text holds a bracket',
      { ...json, path: '$.foo[?(@.a="]=")].a', expect: ']=' },
      { foo: { a: ']=' } },
      true,
    ],
    [
      'a path in a JSON text',
      { ...json, target: 'body', path: '$.a[0]', expect: 7 },
      { body: '{"a":[7]}' },
      true,
    ],
    ['what is expected', { ...json, path: '$.foo[*].baz', expect: [1, 2] }, list, true],
    ['what is expected in another order', { ...json, path: '$.foo[*].baz', expect: [2, 1] }, list, false],
    ['nothing, as expected', { ...json, path: '$.bar', expect: [] }, list, true],
    ['a value of the configuration', { ...json, path: '$.a', expect: '${wanted}' }, { a: 'hello' }, true],
    ['a target that is not there', { ...json, target: 'none', path: '$.a' }, { a: 1 }, true],
  ])('%s', async (_name, tolerance, value, expected) => {
    expect(await met(tolerance, value)).toBe(expected);
  });

  test('asks a probe, with the value as an argument', async () => {
    const given: unknown[] = [];
    const tolerance = {
      type: 'probe',
      name: 'judge',
      provider: { type: 'python', module: 'm', func: 'f', arguments: { limit: 3 } },
    } as const;
    const answers = [true, 0, {}, [1]];
    const told: boolean[] = [];
    for (const answer of answers) {
      const ask = async (provider: unknown) => {
        given.push(provider);
        return answer;
      };
      told.push((await checkTolerance(tolerance, 5, variables, ask)).met);
    }
    expect(given[0]).toEqual({ type: 'python', module: 'm', func: 'f', arguments: { limit: 3, value: 5 } });
    expect(told).toEqual([true, false, false, true]);
    const failing = await checkTolerance(tolerance, 5, variables, () => Promise.reject(new Error('no')));
    expect(failing).toEqual({ met: false, reason: 'judge failed: no' });
  });
});
