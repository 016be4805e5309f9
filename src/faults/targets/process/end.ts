// Ending a family of processes: ask, wait, insist. Insisting stops everyone first, so that nobody can fork while the
// others are being killed.

import type { Clock } from '../../../base/clock.ts';
import type { Family } from './family.ts';
import { commandLine, type ProcessStat, processKey } from './proc.ts';
import { sendSignal } from './signal.ts';

export interface EndOutcome {
  /** How many processes were signalled. */
  readonly ended: number;
  /** Who is still there, one phrase each. */
  readonly left: readonly string[];
}

const lookEveryMs = 20;
const insistMsMax = 3000;

/** SIGTERM, `graceMs` to comply (0: none is offered) or until `hurry`, then SIGKILL until nobody is left. */
export async function endFamily(
  family: Family,
  graceMs: number,
  clock: Clock,
  hurry?: AbortSignal,
): Promise<EndOutcome> {
  const seen = new Set<string>();
  const look = () => {
    // We may have been started by what we are to end; somebody has to see it through.
    const members = family.look().filter((stat) => stat.pid !== process.pid);
    for (const member of members) seen.add(processKey(member));
    return members;
  };
  if (graceMs > 0) await ask(look, graceMs, clock, hurry);
  const left = await insist(look, clock);
  return { ended: seen.size - left.length, left: left.map(describeSurvivor) };
}

async function ask(
  look: () => ProcessStat[],
  graceMs: number,
  clock: Clock,
  hurry: AbortSignal | undefined,
): Promise<void> {
  for (const member of look()) {
    sendSignal(member, 'SIGTERM');
    // A stopped process acts on SIGTERM only when it goes on.
    sendSignal(member, 'SIGCONT');
  }
  const isOver = () => hurry?.aborted || look().length === 0;
  for (let waitedMs = 0; waitedMs < graceMs && !isOver(); waitedMs += lookEveryMs)
    await clock.sleep(lookEveryMs, hurry);
}

async function insist(look: () => ProcessStat[], clock: Clock): Promise<ProcessStat[]> {
  let members = look();
  for (let waitedMs = 0; members.length > 0 && waitedMs < insistMsMax; waitedMs += lookEveryMs) {
    for (const member of members) sendSignal(member, 'SIGSTOP');
    for (const member of look()) sendSignal(member, 'SIGKILL');
    await clock.sleep(lookEveryMs);
    members = look();
  }
  return members;
}

function describeSurvivor(stat: ProcessStat): string {
  return `process ${stat.pid} (${commandLine(stat.pid).slice(0, 80)}) is still there in state ${stat.state}: kill -KILL ${stat.pid}`;
}
