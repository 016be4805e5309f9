import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeWith, root } from '../../support/requires.ts';
import type { StandInOptions } from './stand-in.ts';
import { anything, declare, namespaceOf, onCleanup, processesIn, StandIn, type users } from './support.ts';

async function injected(user: keyof typeof users, driver: StandInOptions['driver']) {
  const standIn = new StandIn(user, {
    driver,
    spec: { action: 'error', patterns: [] },
    declared: declare({ connects: [] }),
    upstreams: [],
    machine: anything,
  });
  await standIn.ask('prepare');
  const target: number = await standIn.ask('start', [process.execPath, '-e', 'setInterval(() => {}, 1000)']);
  onCleanup(() => endProcess(target));
  await standIn.ask('inject');
  await expect.poll(() => standIn.ask('missing')).toBeNull();
  const [step] = await standIn.ask('undoSteps');
  return { standIn, target, step };
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** What /proc/net lists on port 53 of loopback addresses, UDP and TCP. */
function doorsOpen(address: string): boolean {
  const hex = address
    .split('.')
    .reverse()
    .map((octet) => Number(octet).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  return ['udp', 'tcp'].some((kind) => readFileSync(`/proc/net/${kind}`, 'utf8').includes(`${hex}:0035`));
}

describeWith(
  [root, 'unshare', 'nsenter', 'ip', 'setpriv'],
  'when Firedrill is killed during the fault',
  () => {
    it('a mount namespace ends with its target, and the server at once', async () => {
      const { standIn, target, step } = await injected('root', 'mount-namespace');
      const address = /DNS server at ([\d.]+):53/.exec(step.what)![1]!;
      expect(step.type).toBe('ends-with-owner');
      expect(doorsOpen(address)).toBe(true);
      const namespace = namespaceOf(target, 'mnt')!;
      standIn.process.kill('SIGKILL');
      await expect.poll(() => doorsOpen(address)).toBe(false);
      endProcess(target);
      await expect.poll(() => processesIn('mnt', namespace)).toEqual([]);
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toMatch(/resolv\.conf|nsswitch\.conf/);
    });

    it('the helper in a user namespace ends, and the namespace with the target', async () => {
      const { standIn, target, step } = await injected('nobody', 'user-namespace');
      const helper = Number(/of pid (\d+)/.exec(step.what)![1]);
      const namespace = namespaceOf(target, 'net')!;
      expect(processesIn('net', namespace)).toEqual(expect.arrayContaining([helper, target]));
      standIn.process.kill('SIGKILL');
      await expect.poll(() => existsSync(`/proc/${helper}`), { timeout: 5000 }).toBe(false);
      endProcess(target);
      await expect.poll(() => processesIn('net', namespace)).toEqual([]);
    });

    it('a preloaded target finds no server, and nothing else stays', async () => {
      const { standIn, target, step } = await injected('nobody', 'node-preload');
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(step.what)![1])
        .toString(16)
        .toUpperCase()
        .padStart(4, '0');
      const open = () => readFileSync('/proc/net/udp', 'utf8').includes(`0100007F:${port}`);
      expect(open()).toBe(true);
      standIn.process.kill('SIGKILL');
      await expect.poll(open).toBe(false);
      endProcess(target);
    });
  },
);

describeWith(
  [root, 'unshare', 'nsenter', 'ip', 'setpriv'],
  'when the helper in the namespace is killed',
  () => {
    it('the fault is missing, and its undo is sure', async () => {
      const { standIn, step } = await injected('root', 'user-namespace');
      endProcess(Number(/of pid (\d+)/.exec(step.what)![1]));
      await expect.poll(() => standIn.ask('missing')).toBe('the helper in the network namespace has ended');
      await standIn.ask('undo');
      expect(await standIn.ask('verifyUndone')).toMatchObject({ undone: true });
    });
  },
);

describeWith([root, 'unshare', 'nsenter', 'ip'], 'after a run', () => {
  it.each(['mount-namespace', 'user-namespace', 'node-preload'] as const)(
    '%s leaves no socket, process or file',
    async (driver) => {
      const { standIn, target, step } = await injected('root', driver);
      const namespaces = [namespaceOf(target, 'mnt')!, namespaceOf(target, 'net')!] as const;
      const runner = namespaceOf(standIn.process.pid!, 'net');
      await standIn.ask('undo');
      await standIn.ask('close');
      if (namespaces[1] !== runner) await expect.poll(() => processesIn('net', namespaces[1])).toEqual([]);
      if (driver === 'mount-namespace')
        await expect.poll(() => processesIn('mnt', namespaces[0])).toEqual([]);
      const address = /at ([\d.]+):53/.exec(step.what)?.[1];
      if (address) expect(doorsOpen(address)).toBe(false);
      standIn.process.stdin!.end();
      // Nothing of it may keep the process alive.
      await expect.poll(() => standIn.process.exitCode, { timeout: 5000 }).toBe(0);
    },
  );
});
