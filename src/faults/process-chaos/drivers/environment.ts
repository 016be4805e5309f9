// `environmentChanged`: the target is ended and started again with other variables, and once more with its own.

import type { ActiveFault, FaultDriver } from '../../fault.ts';
import { environment, isAlive } from '../../targets/process/proc.ts';
import type { ProcessTargetHandle } from '../../targets/target.ts';
import { otherAction } from '../refusal.ts';
import { restartMsMax, restartRefusal } from '../restart.ts';
import type { ProcessChaosSpec } from '../spec.ts';

type Variables = Readonly<Record<string, string | null>>;

export const changedEnvironment: FaultDriver<ProcessChaosSpec> = {
  name: 'environment',

  async probe(request) {
    if (request.spec.action !== 'environmentChanged') return otherAction('changes variables');
    return restartRefusal(request) ?? { usable: true };
  },

  // Names only: values may be secret.
  plan: ({ spec, target }) => ({
    what:
      spec.action === 'environmentChanged'
        ? `starts ${target.name} with other values of ${Object.keys(spec.env).join(', ')}`
        : '',
    how: 'ended with SIGTERM and started again by Firedrill',
    undo: 'ended and started again with its own variables',
    survivesCrash: 'nothing: a target that Firedrill started ends with it',
    hits: 'starts with the changed environment',
  }),

  injectMs: restartMsMax,

  undoSteps: async () => [{ type: 'ends-with-owner', what: 'the changed environment' }],

  async inject({ spec, target }): Promise<ActiveFault> {
    if (spec.action !== 'environmentChanged' || target.type !== 'process' || !target.restart)
      throw new Error('the probe refuses this');
    const { env } = spec;
    const changes = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name, value ?? undefined]),
    );
    // One that does not become ready with such variables is what was to be seen.
    const unreadyThen = await target.restart(changes);
    let unready: string | undefined;
    let isUndone = false;
    return {
      hits: () => 1,
      missing: async () =>
        unreadyThen !== undefined || (await startedWith(target, env)) > 0
          ? undefined
          : `no process of ${target.name} has the changed environment`,
      async undo() {
        if (isUndone) return;
        try {
          unready = await target.restart!({});
          isUndone = true;
        } catch (error) {
          // Nothing is started without a lease, so that a journal with no room keeps it from coming back.
          unready = `target ${target.name} was ended and cannot be started again: ${(error as Error).message}`;
        }
      },
      async verifyUndone() {
        if (unready !== undefined) return { undone: false, left: [unready] };
        const [first] = await target.processes();
        if (!first) return { undone: false, left: [`target ${target.name} has no process`] };
        if (isSet(first.pid, env))
          return { undone: false, left: [`process ${first.pid} still has the changed environment`] };
        return { undone: true, evidence: `process ${first.pid} was started with its own environment` };
      },
    };
  },
};

async function startedWith(target: ProcessTargetHandle, env: Variables): Promise<number> {
  const processes = (await target.processes()).filter(isAlive);
  return processes.filter(({ pid }) => isSet(pid, env)).length;
}

/** As the kernel knows the environment that the process was started with. */
function isSet(pid: number, env: Variables): boolean {
  const seen = environment(pid);
  if (!seen) return false;
  const has = (start: string) => seen.some((entry) => entry.startsWith(start));
  return Object.entries(env).every(([name, value]) =>
    value === null ? !has(`${name}=`) : seen.includes(`${name}=${value}`),
  );
}
