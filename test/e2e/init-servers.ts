// Servers that speak no HTTP: started, and ended by their pid.

import { spawn } from 'node:child_process';

/** Returns what ends it, also when a drill left it stopped. */
export function startQuiet(command: readonly string[]): () => Promise<void> {
  const child = spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill('SIGINT');
    const forced = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(forced);
  };
}
