// The target of `init`: named by an option or asked for, looked at, and, where it is a command, started for as long as
// it is looked at.

import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { UserError } from '../base/diagnostics.ts';
import { type Survey, type SurveyedTarget, surveyTarget } from '../experiment/draft/survey.ts';
import { createGuard } from '../faults/targets/guard.ts';
import { endFamily } from '../faults/targets/process/end.ts';
import { Family, marked } from '../faults/targets/process/family.ts';
import { checkCommand, type Launched, launch } from '../faults/targets/process/launch.ts';
import { listeningPortsOf } from '../faults/targets/process/listening.ts';
import { logTail } from '../faults/targets/process/log.ts';
import type { Dialogue } from './dialogue.ts';

export interface TargetOptions {
  readonly port?: string;
  readonly pid?: string;
  readonly command?: string;
}

const startMsMax = 15_000;
const lookEveryMs = 100;
/** A service may listen on its second port a little after the first. */
const settleMs = 500;
const endGraceMs = 5000;

/** `use` is called while the target runs. */
export async function surveyed<T>(
  options: TargetOptions,
  dialogue: Dialogue,
  use: (survey: Survey) => Promise<T>,
): Promise<T> {
  const target = await targetOf(options, dialogue);
  const guard = createGuard(new Set());
  if (target.type !== 'command') return await use(await surveyTarget(target, guard, systemClock));
  return await whileRunning(target.command, async (pid) => {
    const survey = await surveyTarget({ type: 'pid', pid }, guard, systemClock);
    return await use({ ...survey, target });
  });
}

async function targetOf({ port, pid, command }: TargetOptions, dialogue: Dialogue): Promise<SurveyedTarget> {
  const given = [port, pid, command].filter((each) => each !== undefined);
  if (given.length > 1) throw UserError.of('FD105', 'init takes one of --port, --pid and --command');
  if (pid !== undefined) return { type: 'pid', pid: numberOf('--pid', pid, 4_194_304) };
  if (command !== undefined) return { type: 'command', command: wordsOf(command) };
  const text = port ?? (await dialogue.ask('On which port does the service listen?'));
  if (text === '')
    throw UserError.of('FD105', 'init has to know what may be broken', {
      expected: '--port, --pid or --command',
    });
  return { type: 'port', port: numberOf('--port', text, 65_535) };
}

function numberOf(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw UserError.of('FD105', `${option} ${text}`, { expected: `a number from 1 to ${most}` });
}

/** Where quotes or signs of the shell stand in it, a shell reads it. */
function wordsOf(command: string): string[] {
  const text = command.trim();
  if (text === '') throw UserError.of('FD105', '--command is empty');
  return /["'`$;&|<>()*?\\]/.test(text) ? ['sh', '-c', text] : text.split(/\s+/);
}

async function whileRunning<T>(command: readonly string[], use: (pid: number) => Promise<T>): Promise<T> {
  checkCommand(command, process.env, process.cwd());
  const scratch = await mkdtemp(join(tmpdir(), 'firedrill-init-'));
  const logFile = join(scratch, 'log');
  const mark = randomUUID();
  const family = new Family(marked(mark));
  const interrupt = () => void endFamily(family, 0, systemClock).finally(() => process.exit(4));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  try {
    const request = { command, env: process.env, folder: process.cwd(), mark, logFile };
    const launched = await launch(request, async () => {});
    await untilListening(launched, family, logFile);
    return await use(launched.id.pid);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt);
    await endFamily(family, endGraceMs, systemClock);
    await rm(scratch, { recursive: true, force: true });
  }
}

async function untilListening({ exited }: Launched, family: Family, logFile: string): Promise<void> {
  let hasEnded = false;
  void exited.then(() => {
    hasEnded = true;
  });
  const endMs = systemClock.now() + startMsMax;
  while (systemClock.now() < endMs && !hasEnded) {
    if (listeningPortsOf(family.look().map(({ pid }) => pid)).length > 0) {
      await systemClock.sleep(settleMs);
      return;
    }
    await systemClock.sleep(lookEveryMs);
  }
  const said = `; ${await logTail(logFile)}`;
  if (hasEnded) throw UserError.of('FD502', `the command ended before it listened on a port${said}`);
  throw UserError.of('FD503', `the command listens on no port after ${startMsMax / 1000} s${said}`);
}
