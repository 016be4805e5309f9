import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultRequest } from '../../../src/faults/fault.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { processChaos } from '../../../src/faults/process-chaos/process-chaos.ts';
import { type ProcessChaosSpec, processChaosSchema } from '../../../src/faults/process-chaos/spec.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';
import { freePort } from '../../support/processes.ts';
import { cleanup, startSleeper, temporaryFolder, until } from '../leases/support.ts';
import { identity, noGuard, startTarget } from '../targets/support.ts';

const driverOf = (spec: ProcessChaosSpec) =>
  processChaos.drivers.find(
    ({ name }) => name === (spec.action === 'environmentChanged' ? 'environment' : 'changed-file'),
  )!;

function request(
  target: TargetHandle,
  spec: ProcessChaosSpec,
  declared: object,
): FaultRequest<ProcessChaosSpec> {
  return {
    name: 'process-chaos',
    kind: 'ProcessChaos',
    durationMs: 20_000,
    target,
    declared: declared as FaultRequest['declared'],
    machine: { uid: process.getuid!(), canMount: false, canUserNamespace: false, stressNg: undefined },
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
    spec,
  };
}

/** Answers with its level and its configuration; says goodbye when it is asked to end; a level of `bad` it refuses. */
const service = `
const fs = require('node:fs');
if (process.env.LEVEL === 'bad') { console.log('no such level'); process.exit(3); }
const config = fs.readFileSync(process.argv[1], 'utf8').trim();
require('node:http').createServer((_, response) => response.end([process.env.LEVEL, config].join(' '))).listen(Number(process.argv[2]), '127.0.0.1');
process.on('SIGTERM', () => { console.log('goodbye'); process.exit(0); });`;

async function startService(restart = false) {
  const folder = temporaryFolder();
  const config = join(folder, 'app.conf');
  writeFileSync(config, 'pool = 20; pool_max = 40', { mode: 0o640 });
  const port = await freePort();
  const declared = {
    type: 'command' as const,
    env: { LEVEL: 'high', ONLY: 'here' },
    ready: { http: `http://127.0.0.1:${port}/`, withinMs: 10_000 },
    restart,
  };
  const started = await startTarget([process.execPath, '-e', service, config, String(port)], declared);
  const answer = () =>
    fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
      (response) => response.text(),
      () => 'no answer',
    );
  const inject = async (written: object) => {
    const spec = processChaosSchema.parse(written);
    const asked = request(started.target, spec, declared);
    const driver = driverOf(spec);
    expect(await driver.probe(asked)).toEqual({ usable: true });
    const steps: UndoStep[] = [...(await driver.undoSteps(asked))];
    const fault = await driver.inject(asked, undefined, async (added) => void steps.push(...added));
    cleanup(() => fault.undo().catch(() => {}));
    return { fault, steps, plan: driver.plan(asked) };
  };
  return { ...started, config, answer, inject };
}

describe('ProcessChaos on a target that Firedrill starts', () => {
  it('starts it with other variables, gracefully, and with its own again', async () => {
    const { answer, inject, target, events, logFile } = await startService();
    expect(await answer()).toMatch(/^high /);
    const [before] = await target.processes();
    const { fault, steps, plan } = await inject({
      action: 'environmentChanged',
      env: { LEVEL: 'low', ONLY: null },
    });
    expect(plan.what).toBe('starts app with other values of LEVEL, ONLY');
    expect(steps).toEqual([{ type: 'ends-with-owner', what: 'the changed environment' }]);
    expect(await answer()).toMatch(/^low /);
    const [during] = await target.processes();
    expect(during!.pid).not.toBe(before!.pid);
    expect(readFileSync(`/proc/${during!.pid}/environ`, 'utf8')).not.toContain('ONLY=');
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBe(1);
    expect(readFileSync(logFile, 'utf8')).toContain('goodbye');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({
      undone: true,
      evidence: expect.stringMatching(/was started with its own environment$/),
    });
    expect(await answer()).toMatch(/^high /);
    expect(events.filter((event) => event.startsWith('exited'))).toEqual([
      'exited 0 as expected',
      'exited 0 as expected',
    ]);
    await target.end(0);
    expect(await target.processes()).toEqual([]);
  });

  it('does so for a target that somebody starts again when it ends, and counts no crash', async () => {
    const { answer, inject, events } = await startService(true);
    const { fault } = await inject({ action: 'environmentChanged', env: { LEVEL: 'low' } });
    expect(await answer()).toMatch(/^low /);
    await fault.undo();
    expect(await answer()).toMatch(/^high /);
    expect(events.filter((event) => event.startsWith('replaced'))).toEqual([
      'replaced as expected',
      'replaced as expected',
    ]);
  });

  it('takes a target that will not start so for the effect that it is', async () => {
    const { answer, inject } = await startService();
    const { fault } = await inject({ action: 'environmentChanged', env: { LEVEL: 'bad' } });
    expect(await answer()).toBe('no answer');
    expect(await fault.missing()).toBeUndefined();
    expect(fault.hits()).toBe(1);
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({ undone: true });
    expect(await answer()).toMatch(/^high /);
  });

  it('changes places of its configuration and starts it anew with that, and again with what it was', async () => {
    const { answer, inject, config, target } = await startService();
    const before = { text: readFileSync(config, 'utf8'), mode: statSync(config).mode };
    const { fault, steps, plan } = await inject({
      action: 'fileChanged',
      path: config,
      replace: [{ text: 'pool = 20', with: 'pool = $&1' }],
      reload: 'restart',
    });
    expect(plan.how).toMatch(/; the target is ended and started anew$/);
    expect(steps).toMatchObject([{ type: 'restore-file' }]);
    expect(await answer()).toBe('high pool = $&1; pool_max = 40');
    await fault.undo();
    expect(await fault.verifyUndone()).toMatchObject({
      undone: true,
      evidence: `${config} is as it was, and app was started with it`,
    });
    expect(await answer()).toBe('high pool = 20; pool_max = 40');
    expect({ text: readFileSync(config, 'utf8'), mode: statSync(config).mode }).toEqual(before);
    await target.end(0);
  });

  it('is ended with the run while it is being started anew', async () => {
    const { target } = await startService();
    const restarting = target.restart({ LEVEL: 'low' }).catch((error: Error) => error.message);
    await until(async () => true, 1000);
    await target.end(0);
    await restarting;
    expect(await target.processes()).toEqual([]);
  });

  it('refuses targets that it did not start, and places that are not there', async () => {
    const { config, target } = await startService();
    const running = pidTarget(identity, startSleeper().id.pid, noGuard);
    const refusal = async (
      written: object,
      on: TargetHandle = running,
      declared: object = { type: 'pid', pid: 1 },
    ) => {
      const spec = processChaosSchema.parse(written);
      const answer = await driverOf(spec).probe(request(on, spec, declared));
      return answer.usable ? 'usable' : answer.reason;
    };
    const notStarted = 'target app was not started by Firedrill, which cannot start it anew';
    expect(await refusal({ action: 'environmentChanged', env: { A: '1' } })).toBe(notStarted);
    expect(await refusal({ action: 'fileDeleted', path: config, reload: 'restart' })).toBe(notStarted);
    const replace = [{ text: 'pol = 20', with: '' }];
    expect(await refusal({ action: 'fileChanged', path: config, replace }, target)).toBe(
      `${config} does not contain "pol = 20"`,
    );
    const mistakes = (spec: object) =>
      processChaosSchema.safeParse(spec).error?.issues.map((issue) => issue.message);
    expect(mistakes({ action: 'fileChanged', path: config })).toEqual(['neither content nor replace']);
    expect(mistakes({ action: 'fileChanged', path: config, content: '', replace })).toEqual([
      'both content and replace',
    ]);
    expect(mistakes({ action: 'environmentChanged', env: {} })).toEqual(['no variable is given']);
    expect(mistakes({ action: 'dependencyReplaced', port: 80, address: 'db' })).toEqual(['no IP address']);
    expect(mistakes({ action: 'dependencyReplaced', port: 80, answer: 'rude' })).toHaveLength(1);
  });
});
