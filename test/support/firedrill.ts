// Runs the built command line as a user would: another process, its own state folder, its own working folder.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa, type Options } from 'execa';

export const firedrillBin = resolve('dist/firedrill.js');

export interface Workplace {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  remove(): void;
}

/** A temporary working folder with a state folder in it, so that tests never meet in one lease journal. */
export function workplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'firedrill-test-'));
  return {
    folder,
    env: { FORCE_COLOR: '', FIREDRILL_STATE: join(folder, 'state') },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

export interface Finished {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export async function firedrill(
  place: Workplace,
  args: readonly string[],
  options: Options = {},
): Promise<Finished> {
  const { exitCode, stdout, stderr } = await execa(process.execPath, [firedrillBin, ...args], {
    cwd: place.folder,
    env: place.env,
    reject: false,
    timeout: 180_000,
    ...options,
  });
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}
