import { describe, expect, it } from 'vitest';
import { folded } from '../../src/cli/fold-lines.ts';

describe('a long line', () => {
  it('goes on below the text that it belongs to', () => {
    expect(folded('    how:            stops it, and everything that it starts', 38)).toEqual([
      '    how:            stops it, and',
      '                    everything that it',
      '                    starts',
    ]);
  });

  it('goes on a little further in where it has no label', () => {
    expect(folded('  phases are short: at most 29s in all', 24)).toEqual([
      '  phases are short: at',
      '    most 29s in all',
    ]);
  });

  it('stays as it is where it fits', () => {
    expect(folded('    undo:           SIGCONT', 80)).toEqual(['    undo:           SIGCONT']);
  });
});
