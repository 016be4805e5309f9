// The process provider: a program with its arguments, or, when they are one string, a line for the shell.

import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';
import type { ProcessProvider } from '../model.ts';
import { pythonText, substitute } from '../substitution.ts';
import { runProgram } from './program.ts';
import { ActivityFailed, hasVariables, type ProviderContext } from './provider.ts';

export interface ProcessOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function callProcess(
  { path, arguments: written = [], timeout }: ProcessProvider,
  context: ProviderContext,
): Promise<ProcessOutput> {
  const program = findProgram(path, context);
  if (program === undefined) throw new ActivityFailed(`${path} cannot be found`);
  const given = hasVariables(context) ? substitute(written, context.variables) : written;
  const { status, stdout, stderr } = await runProgram(
    { command: commandOf(program, given), timeoutMs: timeout === undefined ? undefined : timeout * 1000 },
    context,
  );
  return { status, stdout, stderr };
}

function commandOf(program: string, given: unknown): string[] {
  if (typeof given === 'string') return ['/bin/sh', '-c', `${program} ${given}`];
  const list = Array.isArray(given) ? given : Object.entries(given as object).flat();
  return [program, ...list.filter((each) => each !== null && each !== '').map(pythonText)];
}

/** Its absolute path; undefined when there is no such program that may be executed. */
export function findProgram(
  path: string,
  { env, folder }: Pick<ProviderContext, 'env' | 'folder'>,
): string | undefined {
  const named = path.replace(/^~(?=\/|$)/, env.HOME ?? '~');
  const folders = named.includes('/') ? [folder] : (env.PATH ?? '').split(delimiter);
  return folders.map((each) => resolve(folder, each, named)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
