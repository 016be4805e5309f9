// A few trials of `npm run torture`, and its way of showing that it can fail: bare commands that nobody takes back.

import { resolve } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { firedrillBin } from '../support/firedrill.ts';
import { describeWith, root } from '../support/requires.ts';

async function torture(...args: readonly string[]) {
  const command = ['--import', 'tsx', resolve('scripts/torture.ts'), '--bin', firedrillBin, ...args];
  const { exitCode, stdout, stderr } = await execa(process.execPath, command, { reject: false });
  return { exitCode, text: `${stdout}\n${stderr}` };
}

describeWith([root, 'unshare', 'ip', 'nft', 'tc'], 'torture', () => {
  test('twelve random trials leave nothing', { timeout: 180_000 }, async () => {
    const { exitCode, text } = await torture('--trials', '12', '--seed', '7', '--keep-going');
    expect(exitCode, text).toBe(0);
    expect(text).toMatch(/^12 trials \(0 not made\), 0 with something left/m);
  });

  test.for([
    ['bare-stop', /stopped process: \d+ .*service\.mjs/, /the service answers nothing/],
    ['bare-nft', /nft list ruleset: table inet bare/, /the service answers nothing/],
    [
      'bare-tc',
      /tc qdisc show: qdisc tbf/,
      /again: npm run torture -- --trials 1 --seed 4 --subject bare-tc/,
    ],
  ] as const)('finds what %s leaves', { timeout: 60_000 }, async ([subject, left, told]) => {
    const { exitCode, text } = await torture('--trials', '1', '--seed', '4', '--subject', subject);
    expect(exitCode, text).toBe(1);
    expect(text).toMatch(left);
    expect(text).toMatch(told);
  });
});
