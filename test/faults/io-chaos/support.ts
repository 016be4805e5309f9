// Requests for IOChaos, and a program that reads and writes files all the time and says what became of it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { seededRandom } from '../../../src/base/random.ts';
import type { FaultDriver, FaultRequest } from '../../../src/faults/fault.ts';
import { ioChaos } from '../../../src/faults/io-chaos/io-chaos.ts';
import { type IoChaosSpec, ioChaosSchema } from '../../../src/faults/io-chaos/spec.ts';
import type { UndoStep } from '../../../src/faults/leases/lease.ts';
import { probeMachine } from '../../../src/faults/machine.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import type { TargetHandle } from '../../../src/faults/targets/target.ts';
import { cleanup, start, temporaryFolder, until } from '../leases/support.ts';
import { identity, noGuard } from '../targets/support.ts';

export const driver = (name: string) => ioChaos.drivers.find((one) => one.name === name)!;

export async function request(
  target: TargetHandle,
  spec: unknown,
  changes: Partial<FaultRequest> = {},
): Promise<FaultRequest<IoChaosSpec>> {
  return {
    name: 'io-chaos',
    kind: 'IOChaos',
    durationMs: 20_000,
    target,
    declared: { type: 'pid', pid: 1 },
    machine: await probeMachine(),
    clock: systemClock,
    random: seededRandom(1),
    scratchFolder: temporaryFolder(),
    ...changes,
    spec: ioChaosSchema.parse(spec),
  };
}

export async function inject(chosen: FaultDriver<IoChaosSpec>, asked: FaultRequest<IoChaosSpec>) {
  const steps: UndoStep[] = [];
  expect(await chosen.probe(asked)).toEqual({ usable: true });
  steps.push(...(await chosen.undoSteps(asked)));
  const fault = await chosen.inject(asked, undefined, async (added) => void steps.push(...added));
  cleanup(() => fault.undo());
  return { fault, steps };
}

/** Appends to `data/log`, reads `data/read` and writes `data/whole` without end; prints each outcome as a line. */
const program = `
const fs = require('node:fs');
const log = fs.openSync('data/log', 'a');
const say = (what, action) => {
  const at = Date.now(), begun = performance.now();
  try { const seen = action(); console.log(at, what, 'ok', Math.round(performance.now() - begun), JSON.stringify(seen ?? '')); }
  catch (error) { console.log(at, what, error.code, error.syscall); }
};
setInterval(() => {
  say('append', () => void fs.writeSync(log, 'x'));
  say('read', () => fs.readFileSync(process.cwd() + '/data/read', 'latin1'));
  say('write', () => void fs.writeFileSync('data/whole', 'y'));
}, 10);
`;

export async function startWriter(prefix: readonly string[] = []) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'read'), 'abc');
  const writer = start([
    ...prefix,
    'sh',
    '-c',
    `cd ${folder} && exec "$@"`,
    'sh',
    process.execPath,
    '-e',
    program,
  ]);
  await until(() => writer.output().includes('append ok'), 10_000, 'its first line');
  /** What became of actions that begin from now on: what was said before may still be on its way. */
  const outcomes = async (count = 30) => {
    const since = Date.now();
    const lines = () =>
      writer
        .output()
        .split('\n')
        .slice(0, -1)
        .filter((line) => Number(line.split(' ')[0]) > since)
        .map((line) => line.slice(line.indexOf(' ') + 1));
    await until(() => lines().length >= count, 20_000, 'outcomes');
    return lines();
  };
  return {
    writer,
    folder,
    data: join(folder, 'data'),
    outcomes,
    target: pidTarget(identity, writer.id.pid, noGuard),
  };
}
