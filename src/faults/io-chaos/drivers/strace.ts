// The driver for running processes, in any language and without a preload: strace tampers with the system calls that
// concern the files. Every call of the target passes through strace meanwhile, which makes all of them slower.

import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Random } from '../../../base/random.ts';
import type {
  ActiveFault,
  DriverPlan,
  ExtendLease,
  FaultDriver,
  FaultRequest,
  Usability,
} from '../../fault.ts';
import type { ProcessTargetHandle } from '../../targets/target.ts';
import { describeIo } from '../describe.ts';
import { filesOf } from '../files.ts';
import { HeldTarget, markOf } from '../held-target.ts';
import { chooseCalls } from '../methods.ts';
import { everyNth, isOneInN, whenExpression } from '../share.ts';
import type { IoChaosSpec } from '../spec.ts';
import { type Injection, straceArguments, TamperCount, tracerOf } from '../tracer.ts';

type IoRequest = FaultRequest<IoChaosSpec>;
type Refusal = Exclude<Usability, { usable: true }>;

const trialMsMax = 3000;
const lookEveryMs = 5;
const attachMsMax = 6000;

export const strace: FaultDriver<IoChaosSpec> = {
  name: 'strace',

  async probe(request) {
    return (
      refusedByAsking(request.spec) ??
      (await refusedByTarget(request)) ??
      (await refusedByMachine(request)) ?? { usable: true }
    );
  },

  plan: planOf,

  injectMs: () => attachMsMax,

  undoSteps: async (request) => [{ type: 'end-marked', mark: markOf(request) }],

  inject: async (request, _prepared, extend) => await inject(request, extend),
};

function refusedByAsking(spec: IoChaosSpec): Refusal | undefined {
  const { action, percent } = spec;
  if (action === 'diskFull' || action === 'readOnly')
    return { ...refusal(`it cannot do ${action}`, 'see the other drivers'), otherTarget: true };
  if (action === 'attrOverride')
    return refusal(
      'system calls can be refused and delayed, but what stat says cannot be replaced in them',
      'attrOverride needs a file system under the target: declare it with process.command, and run as root',
    );
  if (percent === 0) return refusal('0 percent of the calls is none', 'ask for 1 to 100 percent');
  if (!isOneInN(percent))
    return refusal(
      `it hits every n-th call, and ${percent} % is none of them`,
      `ask for ${Math.round(100 / everyNth(percent))} %, or declare the target with process.command and run as root (FUSE)`,
    );
  if (action === 'mistake' && (spec.mistake.maxLength > 1 || spec.mistake.maxOccurrences > 1))
    return refusal(
      'more than one wrong byte could lie beyond what the target reads, and so destroy its memory',
      'ask for maxLength: 1 and maxOccurrences: 1, or declare the target with process.command and run as root (FUSE)',
    );
  const { calls, impossible } = chooseCalls(spec);
  if (impossible.length === 0 && calls.length > 0) return undefined;
  return refusal(
    `no system call stands for ${impossible.join(', ')} with action ${action}`,
    'leave them out of `methods`, or declare the target with process.command and run as root (FUSE)',
  );
}

async function refusedByTarget({ target, spec, machine }: IoRequest): Promise<Refusal | undefined> {
  if (target.type !== 'process')
    return refusal(`target ${target.name} has no processes of this machine`, 'name a process target');
  const targets = await target.processes();
  for (const { pid } of targets) {
    const tracer = tracerOf(pid);
    if (tracer)
      return refusal(`process ${pid} is traced by process ${tracer} already`, 'end that debugger first');
    const owner = statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
    if (machine.uid !== 0 && owner !== undefined && owner !== machine.uid)
      return refusal(`process ${pid} belongs to another user`, 'run as that user, or as root');
  }
  if (targets.length === 0) return undefined;
  const found = filesOf(
    spec,
    targets.map(({ pid }) => pid),
  );
  return 'reason' in found ? refusal(found.reason, 'correct `volumePath` or `path`') : undefined;
}

/** Attaches to a process of our own that is no child of strace, as the target will be none. */
async function refusedByMachine({ spec, random, clock }: IoRequest): Promise<Refusal | undefined> {
  const sleeper = spawn('sleep', ['10'], { stdio: 'ignore' });
  sleeper.on('error', () => {});
  const args = [...straceArguments(injectionOf(spec, random)), '-o', '/dev/null', '-p', String(sleeper.pid)];
  const tracer = spawn('setpriv', ['--pdeathsig', 'KILL', '--', 'strace', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let words = '';
  tracer.stderr.on('data', (bytes) => {
    words = (words + bytes).slice(-1000);
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    tracer.once('exit', () => resolve());
    tracer.once('error', () => resolve());
  }).then(() => {
    hasEnded = true;
  });
  try {
    const holds = () => sleeper.pid !== undefined && tracerOf(sleeper.pid) === tracer.pid;
    let attached = holds();
    for (let waitedMs = 0; waitedMs < trialMsMax && !attached && !hasEnded; waitedMs += lookEveryMs) {
      await clock.sleep(lookEveryMs);
      attached = holds();
    }
    if (attached) return undefined;
    return refusal(
      `strace cannot attach here: ${words.trim().split('\n').at(-1) || 'strace or setpriv is not installed'}`,
      'install the packages strace and util-linux; run as root, or with kernel.yama.ptrace_scope=0',
    );
  } finally {
    tracer.kill('SIGKILL');
    sleeper.kill('SIGKILL');
    await ended;
  }
}

function refusal(reason: string, remedy: string): Refusal {
  return { usable: false, reason, remedy };
}

function injectionOf(spec: IoChaosSpec, random: Random): Injection {
  const when = whenExpression(everyNth(spec.percent), random);
  return { calls: chooseCalls(spec).calls, tampering: `${tamperingOf(spec, random)}${when}` };
}

function tamperingOf(spec: IoChaosSpec, random: Random): string {
  if (spec.action === 'latency') return `delay_enter=${Math.round(spec.delayMs * 1000)}`;
  if (spec.action === 'fault') return `error=${spec.errno}`;
  if (spec.action !== 'mistake') throw new Error(`the probe refuses ${spec.action}`);
  const byte = spec.mistake.filling === 'zero' ? 0 : Math.floor(random() * 256);
  return `poke_exit=@arg2=${byte.toString(16).padStart(2, '0')}`;
}

function planOf({ spec, target }: IoRequest): DriverPlan {
  const share = `one in ${everyNth(spec.percent)} of each thread, for ${spec.percent} %`;
  return {
    what: describeIo(spec, target.name, share),
    how: 'strace on the running processes; all their system calls are slower meanwhile, and mapped files are not reached',
    undo: 'strace ends and lets the processes go',
    survivesCrash: 'nothing: strace is killed with Firedrill, and the kernel lets the processes go',
    hits: 'system calls tampered with',
  };
}

async function inject(request: IoRequest, extend: ExtendLease): Promise<ActiveFault> {
  const target = processTarget(request);
  const injection = injectionOf(request.spec, request.random);
  const count = new TamperCount(request.scratchFolder);
  const held = new HeldTarget(request, target, injection, extend);
  await held.begin();
  return {
    hits: () => count.read(),
    missing: () => held.missing(),
    async undo() {
      await held.end();
      count.read();
    },
    verifyUndone: () => held.verifyReleased(),
  };
}

function processTarget({ target }: IoRequest): ProcessTargetHandle {
  if (target.type !== 'process') throw new Error('the probe refuses targets without processes');
  return target;
}
