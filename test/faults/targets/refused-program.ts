// Run as another user: prints why a process and a port of root's are refused as targets.

import type { UserError } from '../../../src/base/diagnostics.ts';
import { createGuard } from '../../../src/faults/targets/guard.ts';
import { pidTarget } from '../../../src/faults/targets/process/pid.ts';
import { portTarget } from '../../../src/faults/targets/process/port.ts';

const guard = createGuard(new Set());
const identity = { name: 'app', namespace: 'default', labels: {} };
const [pid, port] = process.argv.slice(2).map(Number);

function tell(what: string, attempt: () => unknown): void {
  try {
    attempt();
    console.log(`${what} accepted`);
  } catch (error) {
    const [diagnostic] = (error as UserError).diagnostics;
    console.log(`${what} ${diagnostic?.code}: ${diagnostic?.message}`);
  }
}

tell('pid', () => pidTarget(identity, pid!, guard));
tell('port', () => portTarget(identity, { port: port!, only: false }, guard));
