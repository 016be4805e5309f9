import { userInfo } from 'node:os';
import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import { withoutContents } from '../../faults/leases/contents.ts';
import type { Lease } from '../../faults/leases/lease.ts';
import { recover } from '../../faults/leases/recover.ts';
import { installHint } from '../boot-undo.ts';
import { showDiagnostics } from '../failure.ts';
import { beside, openJournal, print, printJson } from '../surroundings.ts';

export interface UndoOptions {
  readonly dryRun?: boolean;
  readonly installHint?: boolean;
  readonly output: 'text' | 'json';
}

export async function undo(options: UndoOptions): Promise<number> {
  const journal = openJournal();
  if (options.installHint) {
    const { state } = journal.around;
    const user = ownName();
    print(installHint({ node: process.execPath, program: beside('firedrill.js'), state, user }));
    return exitCodes.pass;
  }
  const { leases: found, problems } = await recover(journal, {
    dryRun: options.dryRun ?? false,
    clock: systemClock,
  });
  // What the files held that a fault changed is nobody's to see.
  const leases = found.map((lease) => ({ ...lease, undo: withoutContents(lease.undo) }));
  showDiagnostics(problems);
  if (options.output === 'json') printJson({ leases });
  else print(leases.length === 0 ? 'nothing to undo' : leases.map((lease) => describe(lease)).join('\n'));
  return leases.some((lease) => lease.state === 'stuck') ? exitCodes.notUndone : exitCodes.pass;
}

/** A user without an entry in the user database still has a number. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid!());
  }
}

function describe(lease: Lease): string {
  const what = `${lease.fault} on ${lease.target} (run ${lease.run}, lease ${lease.id})`;
  // The reason says what is left, with the commands that remove it.
  const steps =
    lease.state === 'stuck' && !lease.reason
      ? `\n  left to do by hand: ${lease.undo.map((step) => JSON.stringify(step)).join(', ')}`
      : '';
  return `${lease.state.padEnd(8)} ${what}${lease.reason ? `: ${lease.reason}` : ''}${steps}`;
}
