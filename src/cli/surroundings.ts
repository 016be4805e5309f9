// What the command line wires in: the real clock, this machine's state folder, the small programs beside ours.

import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../base/diagnostics.ts';
import type { Files } from '../experiment/file/telemetry-files.ts';
import { systemBoot } from '../faults/leases/boot.ts';
import { Journal } from '../faults/leases/journal.ts';
import { orphans } from '../faults/leases/recover.ts';
import { stateFolder } from '../faults/leases/state-folder.ts';
import type { TerminalOptions } from '../report/terminal/paint.ts';
import { colorOn, colorsOf } from './color.ts';
import { filesBelow } from './named-files.ts';

export function openJournal(): Journal {
  const uid = process.getuid!();
  return new Journal({ state: stateFolder(process.env, uid), uid, boot: systemBoot });
}

/** Path of a file that the build puts beside this one. */
export function beside(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** A user's file; FD101 when it cannot be read. */
export async function readUserFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw UserError.of('FD101', `${path} cannot be read: ${(error as Error).message}`);
  }
}

/** The files that experiments point to. */
export const userFiles: Files = {
  read: readUserFile,
  list: async (path) => {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
    return isFolder ? (await filesBelow(path)).map((file) => relative(path, file)) : undefined;
  },
};

/** Every command tells of what a crash left behind. */
export async function warnOfOrphans(): Promise<void> {
  // A journal that cannot be read is told where it matters: when something is to be injected.
  const left = await orphans(openJournal()).catch(() => []);
  if (left.length === 0) return;
  const names = left.map((lease) => `${lease.fault} on ${lease.target} (run ${lease.run})`).join(', ');
  warn(`a run died and left ${names}; take it back with: firedrill undo`);
}

export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export function warn(message: string): void {
  process.stderr.write(`${colorsOf(process.stderr).yellow('warning')}: ${message}\n`);
}

export function terminalOptions(): TerminalOptions {
  return { color: colorOn(process.stdout), width: process.stdout.columns ?? 100 };
}
