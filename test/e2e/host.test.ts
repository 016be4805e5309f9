// Drills on the machine itself: only when that is asked for twice, and only what can be narrowed.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { firedrill, type Workplace } from '../support/firedrill.ts';
import { freePort } from '../support/processes.ts';
import { describeWith, root } from '../support/requires.ts';
import { LiveRun, placeFor, type Spec, startService, writeDrill } from './drill.ts';
import { expectNoTraces } from './traces.ts';

const targets: Spec = { box: { host: {} } };
const stress: Spec = {
  kind: 'StressChaos',
  spec: { stressors: { cpu: { workers: 1, load: 100 } }, duration: '2s' },
};
const cut = (fields: Spec): Spec => ({
  kind: 'NetworkChaos',
  spec: { action: 'partition', direction: 'both', duration: '2s', ...fields },
});

async function dryRun(place: Workplace, faults: readonly Spec[], ...args: readonly string[]) {
  const file = writeDrill(place, { targets, faults });
  const { exitCode, stdout, stderr } = await firedrill(place, ['run', file, '--dry-run', ...args]);
  return { exitCode, stdout, stderr: stderr.replace(/\n {2}hint:.*/g, '') };
}

describe.concurrent('the machine itself', () => {
  test('is refused, until `--allow host` or its code lifts that', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const refused = await dryRun(place, [stress]);
    expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('FD515') });
    for (const word of ['host', 'FD515']) {
      const { exitCode, stdout, stderr } = await dryRun(place, [stress], '--allow', word);
      expect(exitCode, stderr).toBe(0);
      expect(stdout).toMatch(/box: the machine itself \(.*processors, .* of memory\); whatever runs on it/);
    }
    const wrong = await dryRun(place, [stress], '--allow', 'all');
    expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('one of FD510') });
  });

  test('can be named on the command line', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const file = writeDrill(place, { targets: { box: { process: { pid: 1 } } }, faults: [stress] });
    const args = ['run', file, '--dry-run', '--target', 'box=host'];
    expect(await firedrill(place, args)).toMatchObject({ exitCode: 2 });
    const { exitCode, stderr } = await firedrill(place, [...args, '--allow', 'host']);
    expect(exitCode, stderr).toBe(0);
  });

  test.for([
    ['every process of it is stopped', { kind: 'PodChaos', spec: { action: 'pod-failure', duration: '1s' } }],
    ['every process of it is killed', { kind: 'PodChaos', spec: { action: 'pod-kill' } }],
    ['its clock is set', { kind: 'TimeChaos', spec: { timeOffset: '-1h', duration: '1s' } }],
    ['its names are refused', { kind: 'DNSChaos', spec: { action: 'error', duration: '1s' } }],
  ] as const)('never: %s', async ([, fault], { onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const { exitCode, stderr } = await dryRun(place, [fault], '--allow', 'host');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(new RegExp(`FD600: ${fault.kind} does not act on the machine itself`));
  });

  test('keeps its calls, its files and its limits: those are of processes', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const limits: Spec = { kind: 'StressChaos', spec: { limits: { cpu: 10 }, duration: '1s' } };
    const io = { action: 'fault', errno: 5, volumePath: '/srv', duration: '1s' };
    for (const fault of [limits, { kind: 'IOChaos', spec: io }]) {
      const { exitCode, stderr } = await dryRun(place, [fault], '--allow', 'host');
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(/FD105.*on the machine itself it takes/);
    }
  });

  test('loses no packets of everybody, and none of the line that it is held by', async ({
    onTestFinished,
  }) => {
    const place = placeFor(onTestFinished);
    expect((await dryRun(place, [cut({})], '--allow', 'host')).stderr).toMatch(/FD107.*`device` or `ports`/);
    expect((await dryRun(place, [cut({ device: 'lo' })], '--allow', 'host')).stderr).toContain('FD516');
    const ssh = await dryRun(place, [cut({ ports: [8080, 22] })], '--allow', 'host', '--allow', 'FD516');
    expect(ssh).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/FD517.*port 22/) });
    // Not by any code.
    const lifted = await dryRun(place, [cut({ ports: [22] })], '--allow', 'FD517');
    expect(lifted.stderr).toMatch(/FD105.*--allow FD517/);
  });
});

describeWith([root, 'nft'], 'the machine itself, as root', () => {
  test('may lose its whole loopback, when that is asked for by its code', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const allowed = ['--allow', 'host', '--allow', 'FD516'];
    const { exitCode, stdout, stderr } = await dryRun(place, [cut({ device: 'lo' })], ...allowed);
    expect(exitCode, stderr).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(/packets of SSH \(port 22.*\) are left alone/);
  });

  test('is stressed and loses the packets of one port, and is as before', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const [hit, spared] = [await startService(onTestFinished), await startService(onTestFinished)];
    const reset = cut({ action: 'reset', ports: [hit.port] });
    const file = writeDrill(place, { targets, faults: [stress, reset] });
    const run = new LiveRun(place, ['run', file, '--allow', 'host', '--output', 'json']);
    await run.event('fault.injected', ({ fault }) => fault === 'stress-chaos');
    await run.event('fault.injected', ({ fault }) => fault === 'network-chaos');
    const ask = async (port: number) =>
      await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { connection: 'close' } }).then(
        ({ status }) => status,
        () => 'refused',
      );
    expect(await ask(hit.port)).toBe('refused');
    expect(await ask(spared.port)).toBe(200);
    const { exitCode, stdout, stderr } = await run.finished;
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout).faults).toMatchObject([{ verdict: 'effective' }, { verdict: 'effective' }]);
    expect(await ask(hit.port)).toBe(200);
    await expectNoTraces(place);
  });

  test('runs out of one disk that it can do without, not of its own', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const disk = join(place.folder, 'disk');
    mkdirSync(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'firedrill-test', disk]);
    onTestFinished(async () => void (await execa('umount', ['-l', disk], { reject: false })));
    const full = (volumePath: string): Spec => ({
      kind: 'IOChaos',
      spec: { action: 'diskFull', volumePath, duration: '1s' },
    });
    const shared = await dryRun(place, [full('/etc')], '--allow', 'host');
    expect(shared).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('on the same disk as /') });
    const run = new LiveRun(place, [
      'run',
      writeDrill(place, { targets, faults: [full(disk)] }),
      ...['--allow', 'host'],
    ]);
    await run.event('fault.injected');
    const write = () =>
      execa('dd', ['if=/dev/zero', `of=${disk}/more`, 'bs=64k', 'count=1'], { reject: false });
    expect((await write()).stderr).toContain('No space left');
    await run.finished;
    expect((await write()).exitCode).toBe(0);
  });

  test('is held by one run at a time, and spared when that is killed', async ({ onTestFinished }) => {
    const place = placeFor(onTestFinished);
    const faults = [
      { ...stress, spec: { ...(stress.spec as Spec), duration: '60s' } },
      cut({ action: 'reset', ports: [await freePort()], duration: '60s' }),
    ];
    const args = ['run', writeDrill(place, { targets, faults }), '--allow', 'host'];
    const run = new LiveRun(place, args);
    await run.event('fault.injected', ({ fault }) => fault === 'stress-chaos');
    await run.event('fault.injected', ({ fault }) => fault === 'network-chaos');
    const second = await firedrill(place, args);
    expect(second.exitCode).toBe(5);
    expect(second.stderr).toMatch(/target box is held by run/);
    run.kill('SIGKILL');
    await run.finished;
    await expectNoTraces(place);
  });
});
