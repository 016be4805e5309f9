import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { probeMachine } from '../../src/faults/machine.ts';
import { describeWith, root } from '../support/requires.ts';
import { bundled, start, until } from './leases/support.ts';

describeWith([root, 'unshare', 'setpriv', 'stress-ng'], 'what the machine lets us do', () => {
  it('is found out by trying, once, and nothing is left', async () => {
    const mounts = () => readFileSync('/proc/self/mountinfo', 'utf8');
    const before = mounts();
    const first = probeMachine();
    expect(probeMachine()).toBe(first);
    expect(await first).toEqual({
      uid: 0,
      canMount: true,
      canUserNamespace: expect.any(Boolean),
      stressNg: execFileSync('sh', ['-c', 'command -v stress-ng'], { encoding: 'utf8' }).trim(),
    });
    expect(mounts()).toBe(before);
  });

  it('is less for another user', async () => {
    const command = await bundled('test/faults/machine-program.ts');
    const program = start(['setpriv', '--reuid', '65534', '--clear-groups', '--', ...command]);
    await until(() => program.child.exitCode !== null, 10_000);
    expect(JSON.parse(program.output())).toMatchObject({ uid: 65534, canMount: false });
  });
});
