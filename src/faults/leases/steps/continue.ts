// Undo of SIGSTOP. A process that is gone, or that was never stopped, has nothing to be undone.

import { commandLine, isStopped, statOf } from '../../targets/process/proc.ts';
import { sendSignal } from '../../targets/process/signal.ts';
import type { ProcessId } from '../../targets/target.ts';
import { done, left, type StepContext, type StepOutcome } from './outcome.ts';

const lookEveryMs = 10;
const patienceMs = 1000;

export async function continueProcess(id: ProcessId, { clock }: StepContext): Promise<StepOutcome> {
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const outcome = sendSignal(id, 'SIGCONT');
    if (outcome === 'denied')
      return left(`no right to continue process ${id.pid}: sudo kill -CONT ${id.pid}`);
    const stat = statOf(id);
    if (!stat) return done(`process ${id.pid} is gone`);
    if (!isStopped(stat)) return done(`state of process ${id.pid} is ${stat.state}`);
    await clock.sleep(lookEveryMs);
  }
  return left(`process ${id.pid} (${commandLine(id.pid).slice(0, 80)}) stays stopped: kill -CONT ${id.pid}`);
}
