import { describe, expect, test } from 'vitest';
import { exitCodeOf } from '../../../src/experiment/judge/exit-code.ts';

const passed = {
  verdict: 'pass',
  resilience: 'pass',
  detection: 'pass',
  reason: null,
  notUndone: [],
} as const;

describe('exit codes', () => {
  test.each([
    ['a pass', passed, 'both', 0],
    ['a failure', { ...passed, verdict: 'fail', resilience: 'fail' }, 'both', 1],
    ['nothing proven', { ...passed, verdict: 'inconclusive', detection: 'inconclusive' }, 'both', 3],
    [
      'a stopped run, whatever failed in it',
      { ...passed, verdict: 'stopped', resilience: 'fail' },
      'both',
      4,
    ],
    ['a broken tool', { ...passed, verdict: 'error' }, 'both', 5],
    [
      'a fault that is still there',
      { ...passed, verdict: 'stopped', notUndone: ['outage: pid 1'] },
      'both',
      6,
    ],
    ['a failure in the other half', { ...passed, verdict: 'fail', resilience: 'fail' }, 'detection', 0],
    ['a failure in the gated half', { ...passed, verdict: 'fail', resilience: 'fail' }, 'resilience', 1],
    ['a half that nobody asked about', { ...passed, resilience: null }, 'resilience', 3],
    [
      'an unsteady system, for either half',
      { ...passed, verdict: 'inconclusive', reason: 'not-steady' },
      'detection',
      3,
    ],
    ['a stopped run, for either half', { ...passed, verdict: 'stopped', reason: 'user' }, 'detection', 4],
  ] as const)('%s', (_name, verdict, gate, code) => {
    expect(exitCodeOf(verdict, { gate })).toBe(code);
  });
});
