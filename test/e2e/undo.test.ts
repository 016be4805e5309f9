// `firedrill undo`: leases of an earlier start of the machine and of pids that were given out again, a fault that
// cannot be undone, the warning of every other command, and what undoes at boot.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemBoot } from '../../src/faults/leases/boot.ts';
import type { Lease } from '../../src/faults/leases/lease.ts';
import { identify } from '../../src/faults/targets/process/proc.ts';
import { firedrill, firedrillBin, type Workplace } from '../support/firedrill.ts';
import { describeWith, root } from '../support/requires.ts';
import { LiveRun, patiently, placeFor, startService, writeDrill, writtenVerdict } from './drill.ts';
import { stateOf } from './traces.ts';

/** Puts a lease on disk as a run that has died left it. */
function leave(place: Workplace, changes: Partial<Lease>): void {
  const folder = join(place.folder, 'state', 'leases');
  mkdirSync(folder, { recursive: true });
  const lease: Lease = {
    id: 'dead.001',
    run: 'dead',
    fault: 'pod-chaos',
    target: 'app',
    state: 'active',
    createdAt: Date.now(),
    expiresAtBootMs: systemBoot.nowMs() + 60_000,
    expiresAt: Date.now() + 60_000,
    owner: { pid: 999_999, startTime: 1, bootId: systemBoot.id },
    undo: [],
    ...changes,
  };
  writeFileSync(join(folder, `${lease.id}.json`), JSON.stringify(lease));
}

async function stoppedSleeper(): Promise<{ pid: number; startTime: number }> {
  const child: ChildProcess = spawn('sleep', ['300']);
  onTestFinished(() => void child.kill('SIGKILL'));
  child.kill('SIGSTOP');
  await patiently(() => stateOf(child.pid!) === 'T');
  return identify(child.pid!)!;
}

describe('what a dead run left', () => {
  test('is undone, and said to be so as JSON', async () => {
    const place = placeFor(onTestFinished);
    const sleeper = await stoppedSleeper();
    leave(place, { undo: [{ type: 'continue', process: sleeper }] });
    const dry = await firedrill(place, ['undo', '--dry-run', '--output', 'json']);
    expect(dry.exitCode).toBe(0);
    expect(JSON.parse(dry.stdout).leases).toMatchObject([{ id: 'dead.001', state: 'orphaned' }]);
    expect(stateOf(sleeper.pid)).toBe('T');
    const { exitCode, stdout } = await firedrill(place, ['undo', '--output', 'json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toMatchObject({
      exitCode: 0,
      leases: [
        {
          id: 'dead.001',
          run: 'dead',
          state: 'undone',
          reason: expect.stringMatching(/^found by undo: state of/),
        },
      ],
    });
    expect(stateOf(sleeper.pid)).not.toBe('T');
  });

  test('before the machine was started anew: files are removed, and nobody with the same pid is touched', async () => {
    const place = placeFor(onTestFinished);
    const sleeper = await stoppedSleeper();
    const folder = join(place.folder, 'tmp', 'firedrill-left');
    mkdirSync(folder);
    leave(place, {
      owner: { pid: process.pid, startTime: identify(process.pid)!.startTime, bootId: 'an-earlier-start' },
      undo: [
        { type: 'continue', process: sleeper },
        { type: 'remove', path: folder },
      ],
    });
    const { exitCode, stdout } = await firedrill(place, ['undo']);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/^undone/) });
    expect(existsSync(folder)).toBe(false);
    expect(stateOf(sleeper.pid)).toBe('T');
  });

  test('to a process whose pid was given out again: the new one is not touched', async () => {
    const place = placeFor(onTestFinished);
    const sleeper = await stoppedSleeper();
    const before = { ...sleeper, startTime: sleeper.startTime - 1 };
    leave(place, {
      owner: { ...before, bootId: systemBoot.id },
      undo: [{ type: 'continue', process: before }],
    });
    const { exitCode, stdout } = await firedrill(place, ['undo']);
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('is gone') });
    expect(stateOf(sleeper.pid)).toBe('T');
  });

  test.for([
    ['check', 'nothing.yaml'],
    ['stop', '--all'],
    ['query', 'instant', 'vector(1)', '--source', 'nothing.om'],
    ['report', 'nothing'],
    ['run', 'nothing.yaml'],
  ])('is told by every other command: %j', async (command) => {
    const place = placeFor(onTestFinished);
    leave(place, {});
    const { stderr } = await firedrill(place, command);
    expect(stderr).toContain(
      'warning: a run died and left pod-chaos on app (run dead); take it back with: firedrill undo',
    );
    expect((await firedrill(place, ['undo'])).stderr).toBe('');
    expect((await firedrill(place, command)).stderr).not.toContain('a run died');
  });
});

describeWith([root, 'nft'], 'a fault that cannot be undone', () => {
  test('gives exit code 6 with the exact commands, and `undo` knows when they were carried out', async () => {
    const place = placeFor(onTestFinished);
    const { pid, port } = await startService(onTestFinished);
    const file = writeDrill(place, {
      targets: { victim: { process: { port } } },
      faults: [{ kind: 'NetworkChaos', spec: { action: 'partition', direction: 'both', duration: '1s' } }],
    });
    const run = new LiveRun(place, ['run', file]);
    await run.event('fault.injected');
    // Somebody else makes a control group of their own in ours, and lives there.
    const ours = groupOf(pid);
    const foreign = join(ours, 'foreign');
    mkdirSync(foreign);
    const squatter = spawn('sleep', ['300']);
    onTestFinished(async () => {
      squatter.kill('SIGKILL');
      if (existsSync(foreign)) {
        await patiently(() => readFileSync(join(foreign, 'cgroup.procs'), 'utf8') === '');
        rmdirSync(foreign);
      }
      await firedrill(place, ['undo']);
    });
    writeFileSync(join(foreign, 'cgroup.procs'), String(squatter.pid));

    const { exitCode, stdout, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(6);
    const commands = new RegExp(
      `is still there, held by ${foreign}, which somebody else made: (for pid in ${squatter.pid}; do .*; done; rmdir '${foreign}' '${ours}')$`,
      'm',
    );
    expect(stdout).toMatch(commands);
    expect(writtenVerdict(run.folder!).notUndone.join('\n')).toMatch(commands);
    // All the rest of the fault is gone.
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);

    const warned = await firedrill(place, ['stop', '--all']);
    expect(warned.stderr).toContain('take it back with: firedrill undo');
    const stuck = await firedrill(place, ['undo']);
    expect(stuck.exitCode).toBe(6);
    // A person copies it into a shell.
    execFileSync('sh', ['-e', '-c', commands.exec(stuck.stdout)![1]!]);
    expect([existsSync(ours), squatter.exitCode]).toEqual([false, null]);
    const { exitCode: after, stdout: told } = await firedrill(place, ['undo', '--output', 'json']);
    expect({ after, leases: JSON.parse(told).leases }).toMatchObject({
      after: 0,
      leases: [{ state: 'undone' }],
    });
  });
});

/** Folder of the version 2 control group of a process. */
function groupOf(pid: number): string {
  const inside = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))![1]!;
  const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(
    readFileSync('/proc/self/mountinfo', 'utf8'),
  )![1]!;
  return join(mount, inside);
}

describe('undo at every start of the machine', () => {
  async function hint(): Promise<{ unit: string; cron: string }> {
    const { exitCode, stdout } = await firedrill(placeFor(onTestFinished), ['undo', '--install-hint']);
    expect(exitCode).toBe(0);
    const [, unit, cron] = /^# Either[^\n]*\n([\s\S]*)\n# Or[^\n]*\n(.*)$/.exec(stdout)!;
    return { unit: unit!, cron: cron! };
  }

  test('is a cron line that runs as it stands', async () => {
    const { cron } = await hint();
    const [, user, command] = /^@reboot (\S+) (.*)$/.exec(cron)!;
    expect(user).toBe(execFileSync('id', ['-un'], { encoding: 'utf8' }).trim());
    expect(command).toContain(`${process.execPath} ${firedrillBin} undo`);
    // With as little around it as cron gives.
    const told = execFileSync('env', ['-i', 'PATH=/usr/bin:/bin', '/bin/sh', '-c', command!], {
      encoding: 'utf8',
    });
    expect(told).toBe('nothing to undo\n');
  });

  describeWith(['systemd-analyze'], 'is a systemd unit', () => {
    test('that systemd accepts', async () => {
      const { unit } = await hint();
      const place = placeFor(onTestFinished);
      const file = join(place.folder, 'firedrill-undo.service');
      writeFileSync(file, unit);
      execFileSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
      expect(unit).toContain(`ExecStart=${process.execPath} ${firedrillBin} undo\n`);
      expect(unit).toMatch(/^WantedBy=multi-user\.target$/m);
    });
  });
});
