import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { portTarget } from '../../../src/faults/targets/process/port.ts';
import { ancestry, processTable, withDescendants } from '../../../src/faults/targets/process/proc.ts';
import type { ProcessTargetHandle } from '../../../src/faults/targets/target.ts';
import { freePort } from '../../support/processes.ts';
import { describeWith, root } from '../../support/requires.ts';
import { cleanup, lineOf, start, startSleeper, temporaryFolder, until } from '../leases/support.ts';
import { identity, noGuard } from './support.ts';

const pidsOf = async (target: ProcessTargetHandle) => (await target.processes()).map((id) => id.pid);

function refusal(attempt: () => unknown): string {
  try {
    attempt();
    return 'accepted';
  } catch (error) {
    const { diagnostics } = error as { diagnostics: { code: string; message: string }[] };
    return diagnostics.map(({ code, message }) => `${code}: ${message}`).join('\n');
  }
}

describe('a pid target', () => {
  it('is the process and its descendants, the new ones too, parents first', async () => {
    const shell = start(['sh', '-c', 'sleep 300 & echo up; sleep 1; sleep 301 & wait']);
    await lineOf(shell, 'up');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    expect(await pidsOf(target)).toHaveLength(3);
    expect((await pidsOf(target))[0]).toBe(shell.id.pid);
    expect(await target.describe()).toMatch(/^sh -c sleep 300 .* \(pid \d+\), and 2 more: \d+, \d+$/);
    const commands = () => [...processTable().values()].filter((stat) => stat.parent === shell.id.pid);
    const before = commands().map((stat) => stat.pid);
    await until(() => commands().some((stat) => !before.includes(stat.pid)), 3000);
    expect(await pidsOf(target)).toContain(commands().at(-1)!.pid);
  });

  it('keeps a child whose parent has died', async () => {
    const shell = start(['sh', '-c', 'sleep 300 & echo up; wait']);
    await lineOf(shell, 'up');
    const target = pidTarget(identity, shell.id.pid, noGuard);
    const [, child] = await pidsOf(target);
    process.kill(shell.id.pid, 'SIGKILL');
    await until(async () => (await pidsOf(target))[0] === child, 2000);
  });

  it('refuses what must not be hit, each with its code', () => {
    expect(refusal(() => pidTarget(identity, 4_000_000, noGuard))).toBe(
      'FD505: target app: there is no process 4000000',
    );
    expect(refusal(() => pidTarget(identity, 1, noGuard))).toMatch(
      /^FD510: target app must not hit process 1 /,
    );
    expect(refusal(() => pidTarget(identity, process.pid, noGuard))).toMatch(/^FD511: .* process \d+ \(/);
    const parent = ancestry(process.pid)[1]!;
    const told = refusal(() => pidTarget(identity, parent.pid, noGuard));
    expect(told).toContain(`FD512: target app must not hit process ${parent.pid}`);
    expect(told).toContain(`FD511: target app must not hit process ${process.pid}`);
    const kernelThread = [...processTable().values()].find((stat) => stat.isKernelThread)!;
    expect(refusal(() => pidTarget(identity, kernelThread.pid, noGuard))).toMatch(/^FD513: /);
  });

  it('lets through what the user allowed, and no more', () => {
    const allow511 = createGuard(new Set(['FD511'] as const));
    expect(refusal(() => pidTarget(identity, process.pid, allow511))).toBe('accepted');
    const parent = ancestry(process.pid)[1]!;
    expect(refusal(() => pidTarget(identity, parent.pid, allow511))).toMatch(/^FD512: /);
  });
});

// Listens, then hands the socket to two children and closes its own.
const preForking = `
const { fork } = require('node:child_process');
const net = require('node:net');
if (process.argv[2] === 'child') {
  process.on('message', (m, server) => { server.on('connection', (s) => s.end()); process.send('up'); });
} else {
  const server = net.createServer().listen(+process.argv[2], '127.0.0.1', () => {
    let up = 0;
    for (let i = 0; i < 2; i++) {
      const child = fork(__filename, ['child']);
      child.send('serve', server);
      child.on('message', () => { if (++up === 2) server.close(() => console.log('up')); });
    }
  });
  setInterval(() => {}, 1000);
}`;

describe('a port target', () => {
  it('is the holders of the socket, and their parent that runs the same program', async () => {
    const port = await freePort();
    const script = join(temporaryFolder(), 'server.cjs');
    writeFileSync(script, preForking);
    const server = start([process.execPath, script, String(port)]);
    await lineOf(server, 'up');
    const target = portTarget(identity, { port, only: false }, noGuard);
    expect((await pidsOf(target))[0]).toBe(server.id.pid);
    expect(await pidsOf(target)).toHaveLength(3);
    const holders = await pidsOf(portTarget(identity, { port, only: true }, noGuard));
    expect(holders).toEqual((await pidsOf(target)).slice(1));
  });

  it('does not take in the shell that started the server', async () => {
    const port = await freePort();
    const script = `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`;
    const shell = start(['sh', '-c', `"$0" -e "$1" & wait`, process.execPath, script]);
    await lineOf(shell, 'up');
    const pids = await pidsOf(portTarget(identity, { port, only: false }, noGuard));
    expect(pids).toHaveLength(1);
    expect(pids).not.toContain(shell.id.pid);
  });

  it('follows a server that was replaced', async () => {
    const port = await freePort();
    const command = [
      process.execPath,
      '-e',
      `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
    ];
    const first = start(command);
    await lineOf(first, 'up');
    const target = portTarget(identity, { port, only: false }, noGuard);
    expect(await pidsOf(target)).toEqual([first.id.pid]);
    process.kill(first.id.pid, 'SIGKILL');
    await until(async () => (await pidsOf(target)).length === 0, 2000);
    const second = start(command);
    await lineOf(second, 'up');
    expect(await pidsOf(target)).toEqual([second.id.pid]);
  });

  it('refuses a port that nobody listens on, and one of ours', async () => {
    const port = await freePort();
    expect(refusal(() => portTarget(identity, { port, only: false }, noGuard))).toBe(
      `FD504: target app: nobody listens on TCP port ${port}`,
    );
    const { createServer } = await import('node:net');
    const own = createServer();
    await new Promise<void>((resolve) => own.listen(port, '127.0.0.1', resolve));
    expect(refusal(() => portTarget(identity, { port, only: false }, noGuard))).toMatch(/^FD511: /);
    await new Promise((resolve) => own.close(resolve));
  });
});

describeWith(['nginx', root], 'nginx as a port target', () => {
  it('is the master and its workers', async () => {
    const port = await freePort();
    const folder = temporaryFolder();
    const config = join(folder, 'nginx.conf');
    writeFileSync(
      config,
      `daemon off; worker_processes 3; pid ${folder}/pid; error_log ${folder}/error.log;
       events {} http { access_log off; server { listen 127.0.0.1:${port}; } }`,
    );
    const nginx = start(['nginx', '-c', config]);
    await until(
      () => [...processTable().values()].filter((stat) => stat.parent === nginx.id.pid).length === 3,
      5000,
    );
    const target = portTarget(identity, { port, only: false }, noGuard);
    expect(await pidsOf(target)).toHaveLength(4);
    expect(await target.describe()).toMatch(/^nginx: master process nginx .* \(pid \d+\), and 3 more: /);
  });
});

describeWith(['setpriv', root], 'without root rights', () => {
  it('says whose process it is that we may not act on', async () => {
    const { bundled } = await import('../leases/support.ts');
    const command = await bundled('test/faults/targets/refused-program.ts');
    const victim = startSleeper();
    const port = await freePort();
    const server = start([
      process.execPath,
      '-e',
      `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('up'))`,
    ]);
    await lineOf(server, 'up');
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const program = start([...nobody, ...command, String(victim.id.pid), String(port)]);
    expect(await lineOf(program, 'pid')).toBe(
      `pid FD506: target app cannot act on process ${victim.id.pid} (sleep 300)`,
    );
    expect(await lineOf(program, 'port')).toBe(
      `port FD506: target app: TCP port ${port} is held by a process of user 0 that we may not look into`,
    );
  });
});

describeWith(['setpriv', 'setsid', root], 'everything that a person runs', () => {
  const descendants = (pid: number) =>
    withDescendants([pid], processTable())
      .slice(1)
      .map((stat) => stat.pid);

  it('is refused as a target, unless that is allowed; one program of theirs is not', async () => {
    const uid = 54_321;
    const sessions = 'setsid sleep 300 & setsid sleep 300 & wait';
    const shell = start(['setpriv', '--reuid', String(uid), '--clear-groups', 'sh', '-c', sessions]);
    cleanup(() => {
      for (const pid of descendants(shell.id.pid)) process.kill(pid, 'SIGKILL');
    });
    await until(() => descendants(shell.id.pid).length === 2, 5000);
    expect(refusal(() => pidTarget(identity, shell.id.pid, noGuard))).toBe(
      `FD514: target app must not hit every process of user ${uid}`,
    );
    const allowed = createGuard(new Set(['FD514'] as const));
    expect(refusal(() => pidTarget(identity, shell.id.pid, allowed))).toBe('accepted');
    expect(refusal(() => pidTarget(identity, descendants(shell.id.pid)[0]!, noGuard))).toBe('accepted');
  });
});
