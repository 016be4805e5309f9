// Processes of the benches: each prints what it has to tell as its first line, and is ended by its handle.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface Running {
  /** The first line that it printed. */
  readonly line: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;
}

/** Starts a program of this folder. */
export function startProgram(name: string, ...args: readonly string[]): Promise<Running> {
  return start(process.execPath, ['--import', 'tsx', resolve('scripts/bench/faults', name), ...args]);
}

/** `line` is what the program's first line of interest matches. */
export async function start(program: string, args: readonly string[], line = /./): Promise<Running> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { line: await firstLine(child, line), pid: child.pid!, stop };
}

async function firstLine(child: ChildProcess, wanted: RegExp): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!])
      createInterface(stream).on('line', (line) => {
        said.push(line);
        if (wanted.test(line)) resolve(line);
      });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`it ended with ${code}\n${said.join('\n')}`)));
  });
}
