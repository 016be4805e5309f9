// Moves every process out of a control group that we made, back to where it came from, and removes the group.
// A frozen group is thawed first: its members can neither be moved nor killed while they are frozen.

import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
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
  return left(
    `control group ${path} is still there: move its processes to ${origin}/cgroup.procs, then rmdir ${path}`,
  );
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
