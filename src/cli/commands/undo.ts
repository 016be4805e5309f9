import { exitCodes } from '../../base/catalogue.ts';
import { systemClock } from '../../base/clock.ts';
import type { Lease } from '../../faults/leases/lease.ts';
import { recover } from '../../faults/leases/recover.ts';
import { showDiagnostics } from '../failure.ts';
import { openJournal, print, printJson } from '../surroundings.ts';

export interface UndoOptions {
  readonly dryRun?: boolean;
  readonly output: 'text' | 'json';
}

export async function undo(options: UndoOptions): Promise<number> {
  const { leases, problems } = await recover(openJournal(), {
    dryRun: options.dryRun ?? false,
    clock: systemClock,
  });
  showDiagnostics(problems);
  if (options.output === 'json') printJson({ leases });
  else print(leases.length === 0 ? 'nothing to undo' : leases.map((lease) => describe(lease)).join('\n'));
  return leases.some((lease) => lease.state === 'stuck') ? exitCodes.notUndone : exitCodes.pass;
}

function describe(lease: Lease): string {
  const what = `${lease.fault} on ${lease.target} (run ${lease.run}, lease ${lease.id})`;
  const steps =
    lease.state === 'stuck'
      ? `\n  left to do by hand: ${lease.undo.map((step) => JSON.stringify(step)).join(', ')}`
      : '';
  return `${lease.state.padEnd(8)} ${what}${lease.reason ? `: ${lease.reason}` : ''}${steps}`;
}
