import { chmodSync, chownSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tracerOf } from '../../../src/faults/io-chaos/tracer.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { describeWith, root } from '../../support/requires.ts';
import { bundled, lineOf, markedPids, sleep, start, temporaryFolder, until } from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';
import { driver, inject, request, startWriter } from './support.ts';

const strace = driver('strace');

describeWith(['strace', 'setpriv'], 'IOChaos on a running process', () => {
  it('fails the calls that are named, on the files that are named, and nothing else', async () => {
    const { target, data, outcomes } = await startWriter();
    const spec = {
      action: 'fault',
      errno: 'ENOSPC',
      volumePath: data,
      path: `${data}/lo?`,
      methods: ['write'],
    };
    const { fault, steps } = await inject(strace, await request(target, spec));
    expect(steps.map(({ type }) => type)).toEqual(['end-marked', 'end-tree']);
    expect(await fault.missing()).toBeUndefined();
    const during = await outcomes();
    const appends = during.filter((line) => line.startsWith('append'));
    expect(new Set(appends)).toEqual(new Set(['append ENOSPC write']));
    expect(during.filter((line) => !line.startsWith('append') && !line.includes(' ok '))).toEqual([]);
    expect(fault.hits()).toBeGreaterThanOrEqual(appends.length);
    await fault.undo();
    const after = await outcomes();
    expect(after.filter((line) => !line.includes(' ok '))).toEqual([]);
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    const hits = fault.hits()!;
    await sleep(100);
    expect(fault.hits()).toBe(hits);
    await fault.undo();
  });

  it('hits files by whatever name the program has for them, with an errno by number', async () => {
    const { target, data, outcomes } = await startWriter();
    const { fault } = await inject(
      strace,
      await request(target, { action: 'fault', errno: 5, volumePath: data, methods: ['open', 'write'] }),
    );
    const during = new Set((await outcomes()).map((line) => line.replace(/ ok.*/, ' ok')));
    expect(during).toEqual(new Set(['append EIO write', 'read EIO open', 'write EIO open']));
    await fault.undo();
  });

  it('delays, and makes about the share that was asked for late', async () => {
    const { target, data, outcomes } = await startWriter();
    const spec = {
      action: 'latency',
      delay: '60ms',
      volumePath: data,
      path: `${data}/read`,
      methods: ['read'],
      percent: 50,
    };
    const asked = await request(target, spec);
    expect(strace.plan(asked).what).toMatch(
      /^read of app on .*read takes 60ms longer \(one in 2 of each thread, for 50 %\)$/,
    );
    const { fault } = await inject(strace, asked);
    const reads = (await outcomes(60)).filter((line) => line.startsWith('read'));
    const late = reads.filter((line) => Number(line.split(' ')[2]) >= 60);
    expect(late.length).toBeGreaterThan(reads.length * 0.35);
    expect(late.length).toBeLessThan(reads.length * 0.65);
    await fault.undo();
    expect(fault.hits()).toBeGreaterThan(5);
  });

  it('gives back a wrong byte', async () => {
    const { target, data, outcomes } = await startWriter();
    const mistake = { filling: 'zero', maxOccurrences: 1, maxLength: 1 };
    const { fault } = await inject(
      strace,
      await request(target, { action: 'mistake', mistake, volumePath: data }),
    );
    const reads = (await outcomes()).filter((line) => line.startsWith('read'));
    expect(new Set(reads.map((line) => line.split(' ').at(-1)))).toEqual(new Set(['"\\u0000bc"']));
    await fault.undo();
    expect((await outcomes()).filter((line) => line.startsWith('read')).at(-1)).toContain('"abc"');
    expect(readFileSync(join(data, 'read'), 'latin1')).toBe('abc');
  });

  it('reaches files and processes that come later', async () => {
    const folder = temporaryFolder();
    const script = `
      const fs = require('node:fs'); let n = 0;
      if (!process.argv[1]) require('node:child_process').spawn(process.execPath, ['-e', process.env.S, 'child'], { stdio: 'inherit' });
      setInterval(() => { try { fs.writeFileSync('${folder}/' + (process.argv[1] ?? 'parent') + Math.floor(n++ / 40), 'x'); } catch (error) { console.log(process.argv[1] ?? 'parent', error.code); } }, 20)`;
    const program = start(['env', `S=${script}`, process.execPath, '-e', script]);
    const target = pidTarget(identity, program.id.pid, noGuard);
    await until(async () => (await target.processes()).length === 2, 5000);
    await until(() => readdirSync(folder).length >= 2, 5000);
    const { fault } = await inject(
      strace,
      await request(target, {
        action: 'fault',
        errno: 28,
        volumePath: folder,
        path: `${folder}/*`,
        methods: ['write'],
      }),
    );
    await lineOf(program, 'parent ENOSPC');
    await lineOf(program, 'child ENOSPC');
    const before = fault.hits()!;
    await until(() => readdirSync(folder).length >= 6, 10_000);
    await until(() => fault.hits()! > before + 20, 10_000);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
  });

  it('ends with strace, and the target goes on, when strace or its starter is killed', async () => {
    const { target, writer, data, outcomes } = await startWriter();
    const folder = temporaryFolder();
    const runner = start([
      ...(await bundled('test/faults/io-chaos/io-program.ts')),
      String(writer.id.pid),
      data,
      folder,
    ]);
    await lineOf(runner, 'in place');
    expect(tracerOf(writer.id.pid)).not.toBe(0);
    process.kill(runner.id.pid, 'SIGKILL');
    await until(() => tracerOf(writer.id.pid) === 0, 3000, 'no tracer');
    expect((await outcomes()).filter((line) => !line.includes(' ok '))).toEqual([]);
    await until(() => markedPids(`strace:${folder}`).length === 0, 3000, 'no strace');

    const { fault } = await inject(
      strace,
      await request(target, { action: 'fault', errno: 5, volumePath: data }),
    );
    await fault.undo();
    expect(await fault.missing()).toBe('strace has ended');
  });

  it('refuses what it cannot do, before anything is touched', async () => {
    const { target, writer, data } = await startWriter();
    const refusal = async (spec: object) => {
      const answer = await strace.probe(await request(target, { volumePath: data, ...spec }));
      return answer.usable ? 'usable' : `${answer.reason}; ${answer.remedy}`;
    };
    expect(await refusal({ action: 'attrOverride', attr: { perm: 72 } })).toMatch(
      /needs a file system under the target/,
    );
    expect(await refusal({ action: 'fault', errno: 5, methods: ['read', 'lookup'] })).toMatch(
      /stands for lookup/,
    );
    expect(await refusal({ action: 'fault', errno: 5, methods: ['release'] })).toMatch(/stands for release/);
    expect(await refusal({ action: 'latency', delay: '1s', methods: ['release'] })).toBe('usable');
    expect(await refusal({ action: 'fault', errno: 5, percent: 0 })).toMatch(/0 percent/);
    expect(await refusal({ action: 'fault', errno: 5, percent: 40 })).toMatch(
      /40 % is none of them; ask for 33 %/,
    );
    expect(await refusal({ action: 'fault', errno: 5, path: `${data}/*.wal` })).toMatch(/^no file matches/);
    expect(await refusal({ action: 'fault', errno: 5, volumePath: '/no/such' })).toMatch(
      /is no folder of process/,
    );
    const mistake = { filling: 'zero', maxOccurrences: 2, maxLength: 1 };
    expect(await refusal({ action: 'mistake', mistake })).toMatch(/more than one wrong byte/);
    const debuggerProgram = start([
      'strace',
      '-qq',
      '-o',
      '/dev/null',
      '-e',
      'trace=none',
      '-p',
      String(writer.id.pid),
    ]);
    await until(() => tracerOf(writer.id.pid) === debuggerProgram.id.pid, 5000);
    expect(await refusal({ action: 'fault', errno: 5 })).toMatch(/is traced by process \d+ already/);
  });
});

describeWith(['strace', 'setpriv', root], 'IOChaos without root', () => {
  it('works on processes of the same user, and says that it may not touch those of others', async () => {
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
    const program = await bundled('test/faults/io-chaos/io-program.ts');
    const { writer, folder, data } = await startWriter();
    for (const path of [folder, data]) chmodSync(path, 0o777);
    const scratch = temporaryFolder();
    chownSync(scratch, 65_534, 65_534);
    const refused = start([...nobody, ...program, String(writer.id.pid), data, scratch]);
    expect(await lineOf(refused, 'refused')).toMatch(/belongs to another user$/);
    const own = start([...nobody, 'tail', '-f', join(data, 'read')]);
    const runner = start([...nobody, ...program, String(own.id.pid), data, scratch]);
    await lineOf(runner, 'in place');
    expect(tracerOf(own.id.pid)).not.toBe(0);
    process.kill(runner.id.pid, 'SIGTERM');
    await until(() => tracerOf(own.id.pid) === 0, 3000);
  });
});
