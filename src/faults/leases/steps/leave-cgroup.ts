// Moves every process out of a control group that we made, back to where it came from, and removes the group.
// A frozen group is thawed first: its members can neither be moved nor killed while they are frozen.

import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { groupMembers, subfolders } from '../../targets/process/cgroup.ts';
import { done, left, type StepContext, type StepOutcome } from './outcome.ts';

/** Our groups carry our name, so that a damaged record cannot empty somebody else's. */
const ownPrefix = 'firedrill';
const tryEveryMs = 20;
const triesMax = 50;

export async function leaveCgroup(
  path: string,
  origin: string,
  { clock }: StepContext,
): Promise<StepOutcome> {
  if (!basename(path).startsWith(ownPrefix))
    return left(`${path} is not a control group of ours: not touched`);
  // EBUSY until the last member has left, and members may fork while they are moved.
  for (let tries = 0; existsSync(path) && tries < triesMax; tries++) {
    thaw(path);
    for (const pid of members(path)) attempt(() => writeFileSync(join(origin, 'cgroup.procs'), pid));
    attempt(() => rmdirSync(path));
    if (existsSync(path)) await clock.sleep(tryEveryMs);
  }
  if (!existsSync(path)) return done(`control group ${path} is gone`);
  return left(`control group ${path} is still there${heldBy(path)}: ${commandsFor(path, origin)}`);
}

/** Somebody else's groups in ours, which we do not touch. */
function heldBy(path: string): string {
  const below = groupsIn(path).slice(0, -1);
  return below.length === 0 ? '' : `, held by ${below.join(', ')}, which somebody else made`;
}

/** For a shell, all of it: processes have to leave before a group can be removed, and the inner ones go first. */
function commandsFor(path: string, origin: string): string {
  const pids = groupMembers(path);
  const target = `'${join(origin, 'cgroup.procs')}'`;
  const move = pids.length === 0 ? '' : `for pid in ${pids.join(' ')}; do echo $pid >${target}; done; `;
  const folders = groupsIn(path).map((each) => `'${each}'`);
  return `${move}rmdir ${folders.join(' ')}`;
}

/** A group and those below it, the innermost first. */
function groupsIn(path: string): string[] {
  return [...subfolders(path).flatMap((name) => groupsIn(join(path, name))), path];
}

/** A frozen group goes on, and stays. */
export function thaw(path: string): void {
  if (!basename(path).startsWith(ownPrefix)) return;
  const version1 = join(path, 'freezer.state');
  const version2 = join(path, 'cgroup.freeze');
  if (existsSync(version1)) attempt(() => writeFileSync(version1, 'THAWED'));
  if (existsSync(version2)) attempt(() => writeFileSync(version2, '0'));
}

function members(path: string): string[] {
  return attempt(() => readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)) ?? [];
}

// Members come and go: what failed is tried again, and what counts is whether the group is gone in the end.
function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
