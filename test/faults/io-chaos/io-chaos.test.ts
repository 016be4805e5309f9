import { describe, expect, it } from 'vitest';
import { chooseCalls } from '../../../src/faults/io-chaos/methods.ts';
import { pathMatcher } from '../../../src/faults/io-chaos/path-pattern.ts';
import { everyNth, whenExpression } from '../../../src/faults/io-chaos/share.ts';
import { ioChaosSchema } from '../../../src/faults/io-chaos/spec.ts';

const mistakes = (spec: object) =>
  ioChaosSchema.safeParse({ volumePath: '/srv', ...spec }).error?.issues.map((issue) => issue.message);

describe('IOChaos in Chaos Mesh fields', () => {
  it('takes an errno by number and by name, and refuses one that does not exist', () => {
    expect(ioChaosSchema.parse({ action: 'fault', errno: 'ENOSPC', volumePath: '/srv' })).toMatchObject({
      errno: 28,
      percent: 100,
    });
    expect(mistakes({ action: 'fault', errno: 'ENOSUCH' })).toEqual(['ENOSUCH is no errno']);
    expect(mistakes({ action: 'fault', errno: 41 })).toEqual(['41 is no errno']);
    expect(mistakes({ action: 'fault', errno: 134 })).toEqual(['134 is no errno']);
    expect(mistakes({ action: 'fault' })).toEqual(['action fault needs it']);
    expect(mistakes({ action: 'fault', errno: 5, path: '/srv/[z-a]' })).toEqual([
      '"/srv/[z-a]" is no pattern',
    ]);
  });

  it('has two actions of its own', () => {
    expect(ioChaosSchema.parse({ action: 'diskFull', volumePath: '/srv' })).toMatchObject({
      sizeBytes: 64 * 1024 * 1024,
    });
    expect(ioChaosSchema.parse({ action: 'diskFull', size: '8MB', volumePath: '/srv' })).toMatchObject({
      sizeBytes: 8 * 1024 * 1024,
    });
    expect(ioChaosSchema.parse({ action: 'readOnly', volumePath: '/srv' }).action).toBe('readOnly');
  });

  it('reads patterns of paths', () => {
    const matches = (pattern: string, path: string) => pathMatcher(pattern)(path);
    expect(matches('/srv/**/*', '/srv/a')).toBe(true);
    expect(matches('/srv/**/*', '/srv/a/b/c')).toBe(true);
    expect(matches('/srv/*.log', '/srv/a.log')).toBe(true);
    expect(matches('/srv/*.log', '/srv/axlog')).toBe(false);
    expect(matches('/srv/?[0-9]', '/srv/a7')).toBe(true);
    expect(matches('/srv/?[!0-9]', '/srv/a7')).toBe(false);
    expect(matches('/srv/(a)+$', '/srv/(a)+$')).toBe(true);
  });

  it('knows the system calls of an operation', () => {
    const of = (
      action: 'fault' | 'latency' | 'mistake',
      methods: Parameters<typeof chooseCalls>[0]['methods'],
    ) => chooseCalls({ action, methods });
    expect(of('fault', ['fsync'])).toEqual({
      calls: ['fsync', 'fdatasync', 'sync_file_range'],
      impossible: [],
    });
    expect(of('fault', ['flush', 'bmap'])).toEqual({ calls: [], impossible: ['flush', 'bmap'] });
    expect(of('latency', ['flush', 'bmap'])).toEqual({ calls: ['close'], impossible: ['bmap'] });
    expect(of('mistake', [])).toEqual({ calls: ['read', 'pread64'], impossible: [] });
    expect(of('fault', []).calls).toContain('renameat2');
    expect(of('fault', []).calls).not.toContain('close');
  });

  it('turns percent into every n-th call, with a drawn first one', () => {
    expect([100, 80, 75, 60, 50, 30, 10, 1].map(everyNth)).toEqual([1, 1, 1, 2, 2, 3, 10, 100]);
    expect(whenExpression(1, () => 0.9)).toBe('');
    expect(whenExpression(4, () => 0)).toBe(':when=1+4');
    expect(whenExpression(4, () => 0.99)).toBe(':when=4+4');
  });
});
