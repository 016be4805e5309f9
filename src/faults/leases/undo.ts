// Carries out the undo steps of a lease. Any process of ours may do so, at any time, more than once: each step looks
// at the world before it acts, and reads it back afterwards.

import type { Boot } from './boot.ts';
import type { Lease, UndoStep } from './lease.ts';
import { ownPidNamespace, seenFromHere } from './pid-namespace.ts';
import { leftByHand } from './steps/by-hand.ts';
import {
  connectContainer,
  restoreGroup,
  startContainer,
  unpauseContainer,
  updateContainer,
} from './steps/containers.ts';
import { continueProcess } from './steps/continue.ts';
import { deleteQdisc } from './steps/delete-qdisc.ts';
import { endMarked, endTree } from './steps/end-processes.ts';
import { endSilence } from './steps/end-silence.ts';
import { leaveCgroup, thaw } from './steps/leave-cgroup.ts';
import { openFiles } from './steps/open-files.ts';
import { done, left, type StepContext, type StepOutcome } from './steps/outcome.ts';
import { removePath } from './steps/remove.ts';
import { restoreFileStep } from './steps/restore-file.ts';
import { unmount } from './steps/unmount.ts';

export type UndoOutcome =
  | { readonly undone: true; readonly evidence: string }
  | { readonly undone: false; readonly left: readonly string[] };

export interface UndoContext extends StepContext {
  readonly boot: Boot;
  /** What else is on disk, as it is when a step asks: faults on one target share its control group. */
  readonly leases?: () => Promise<readonly Lease[]>;
}

/** All steps in order; a step that fails does not keep the others from being taken. */
export async function undoLease(lease: Lease, context: UndoContext): Promise<UndoOutcome> {
  const outcomes: StepOutcome[] = [];
  for (const step of lease.undo) outcomes.push(await takeStep(step, lease, context));
  const leftovers = outcomes.flatMap((outcome) => (outcome.done ? [] : [outcome.left]));
  if (leftovers.length > 0) return { undone: false, left: leftovers };
  const evidence = outcomes.flatMap((outcome) => (outcome.done ? [outcome.evidence] : []));
  return { undone: true, evidence: evidence.join('; ') || 'nothing to take back' };
}

async function takeStep(written: UndoStep, lease: Lease, context: UndoContext): Promise<StepOutcome> {
  const step = seenStep(written, lease, context);
  if ('done' in step) return step;
  if (step.type === 'remove') return removePath(step.path);
  if (step.type === 'by-hand') return leftByHand(step.what, step.file);
  const isSameBoot = lease.owner.bootId === context.boot.id;
  if (step.type === 'restore-file')
    return restoreFileStep(isSameBoot ? step : { file: step.file, put: step.put });
  if (step.type === 'end-silence') return endSilence(step, context);
  if (step.type === 'container-unpause') return unpauseContainer(step.container, context);
  if (step.type === 'container-start') return startContainer(step, context);
  if (step.type === 'container-connect') return connectContainer(step, context);
  if (step.type === 'container-update') return updateContainer(step, context);
  // Everything but files, what engines keep and what stands elsewhere ends with the machine, and the pids of an earlier start mean somebody else.
  if (lease.owner.bootId !== context.boot.id) return done('the machine was restarted since');
  if (step.type === 'leave-cgroup' && step.frozen) thaw(step.path);
  const user = await userBeside(written, lease, context);
  if (user) return done(`${sharedName(step)} is left to ${user.fault}, which needs it too`);
  switch (step.type) {
    case 'continue':
      return continueProcess(step.process, context);
    case 'end-tree':
      return endTree(step.process, context);
    case 'end-marked':
      return endMarked(step.mark, context);
    case 'leave-cgroup':
      return leaveCgroup(step.path, step.origin, context);
    case 'delete-qdisc':
      return deleteQdisc(step);
    case 'container-group':
      return restoreGroup(step);
    case 'unmount':
      return unmount(step.process, step.path, step.before);
    case 'open-files':
      return openFiles(step.process, step.limited, step.former);
    case 'ends-with-owner':
      return isAwaited(lease)
        ? left(`${step.what} lasts as long as process ${lease.owner.pid}: kill ${lease.owner.pid}`)
        : done(`${step.what} ended with process ${lease.owner.pid}`);
    default:
      return left(`a newer Firedrill wrote the step ${JSON.stringify(step)}: undo it with that version`);
  }
}

/**
 * Faults on one target share a control group, or a proxy of ours: the step of one takes it from none of the others,
 * and the last one's lease ends it.
 */
async function userBeside(step: UndoStep, { id }: Lease, context: UndoContext): Promise<Lease | undefined> {
  if (step.type !== 'leave-cgroup' && step.type !== 'end-tree') return undefined;
  const same = sharedKey(step);
  const others = (await context.leases?.()) ?? [];
  return others.find(
    (other) =>
      other.id !== id && other.undo.some((each) => sharedKey(each) === same) && isActing(other, context.boot),
  );
}

function sharedKey(step: UndoStep): string {
  return step.type === 'leave-cgroup' ? `cgroup ${step.path}` : JSON.stringify(step);
}

function sharedName(step: UndoStep): string {
  if (step.type === 'leave-cgroup') return `control group ${step.path}`;
  return step.type === 'end-tree' ? `process ${step.process.pid}` : step.type;
}

/** Whoever is over its time, or has lost its owner, is about to be undone itself. */
function isActing(lease: Lease, boot: Boot): boolean {
  const { state, owner, expiresAtBootMs } = lease;
  return (
    state === 'active' &&
    owner.bootId === boot.id &&
    expiresAtBootMs > boot.nowMs() &&
    seenFromHere(owner, owner.pidNamespace) !== 'gone'
  );
}

function isAwaited({ owner }: Lease): boolean {
  return seenFromHere(owner, owner.pidNamespace) !== 'gone';
}

/** The step with its process under the pid that it has here; an outcome when there is nothing here to act on. */
function seenStep(step: UndoStep, { owner }: Lease, { boot }: UndoContext): UndoStep | StepOutcome {
  const { pidNamespace, bootId } = owner;
  const isOurs = pidNamespace === undefined || pidNamespace === ownPidNamespace() || bootId !== boot.id;
  if (isOurs || !('process' in step)) return step;
  const seen = seenFromHere(step.process, pidNamespace);
  const name = `process ${step.process.pid} of pid namespace ${pidNamespace}`;
  if (seen === 'gone') return done(`${name} is gone`);
  if (seen === 'unseen')
    return left(`${name} cannot be seen from here: run firedrill undo where the run was`);
  return { ...step, process: seen };
}

/** The order in which several leases are undone: what was opened last, first. */
export function inUndoOrder(leases: readonly Lease[]): Lease[] {
  return [...leases].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));
}
