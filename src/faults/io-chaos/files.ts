// The files that a fault is about, by the names under which the target uses them. strace compares names letter by
// letter, so a pattern becomes the list of files that match it now, each as an absolute path and as seen from the
// working folder of each process.

import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ProcessId } from '../targets/target.ts';
import { pathMatcher } from './path-pattern.ts';
import type { IoChaosSpec } from './spec.ts';

/** As many as fit on a command line with their spellings, and are compared with at every call of the target. */
export const filesMax = 500;
const entriesMax = 20_000;

export type FilesFound =
  | { readonly files: readonly string[] }
  /** Why they cannot be named. */
  | { readonly reason: string };

/** Absolute paths, as the processes of the target see them. */
export function filesOf(spec: Pick<IoChaosSpec, 'volumePath' | 'path'>, pids: readonly number[]): FilesFound {
  const [pid] = pids;
  if (pid === undefined) return { reason: 'the target has no process' };
  const root = `/proc/${pid}/root`;
  const folder = spec.volumePath.replace(/\/+$/, '') || '/';
  const volume = statSync(join(root, folder), { throwIfNoEntry: false });
  if (!volume?.isDirectory()) return { reason: `${folder} is no folder of process ${pid}` };
  // One that is named in full may be made while the fault lasts.
  if (spec.path !== undefined && !/[*?[]/.test(spec.path)) return { files: [spec.path] };
  const matches = spec.path === undefined ? () => true : pathMatcher(spec.path);
  const files: string[] = [];
  let entries = 0;
  for (const file of walk(root, folder)) {
    if (++entries > entriesMax)
      return { reason: `more than ${entriesMax} files are below ${folder}: name a smaller folder` };
    if (!matches(file)) continue;
    files.push(file);
    if (files.length > filesMax)
      return { reason: `more than ${filesMax} files match ${spec.path ?? folder}: name fewer` };
  }
  if (files.length === 0) return { reason: `no file matches ${spec.path ?? `${folder}/**`}` };
  return { files };
}

/** Absolute, and relative to each working folder at or above the file, as programs such as PostgreSQL write it. */
export function spellings(files: readonly string[], targets: readonly ProcessId[]): string[] {
  const folders = new Set(targets.flatMap(({ pid }) => workingFolder(pid) ?? []));
  const names = files.flatMap((file) => {
    const short = [...folders].map((folder) => relative(folder, file));
    const below = short.filter((name) => name !== '' && !name.startsWith('..'));
    return [file, ...below, ...below.map((name) => `./${name}`)];
  });
  return [...new Set(names)];
}

function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Folders and files below a folder, itself included; what may not be read is left out. */
function* walk(root: string, folder: string): Generator<string> {
  yield folder;
  const inside = (() => {
    try {
      return readdirSync(join(root, folder), { withFileTypes: true });
    } catch {
      return [];
    }
  })();
  for (const entry of inside) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(root, path);
    else yield path;
  }
}
