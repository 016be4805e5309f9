// Files as a command line names them: one by one, or by a folder that holds them.

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../base/diagnostics.ts';

export interface NamedFile {
  readonly file: string;
  /** Found in a folder: nobody said that it is a file of ours. */
  readonly isFound: boolean;
}

const filesMax = 10_000;

/** Folders are replaced by their YAML and JSON files, in the order of their names, with those of folders in them. */
export async function namedFiles(paths: readonly string[]): Promise<NamedFile[]> {
  const named: NamedFile[] = [];
  for (const path of paths) {
    // What cannot be looked at is told when it is read.
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
    if (!isFolder) {
      named.push({ file: path, isFound: false });
      continue;
    }
    const files = await filesBelow(path);
    if (files.length === 0)
      throw UserError.of('FD101', `${path} holds no file that ends in .yaml, .yml or .json`);
    named.push(...files.map((file) => ({ file, isFound: true })));
  }
  return named;
}

/** Its YAML and JSON files and those of folders in it, hidden ones left out. Throws FD101. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: Error) => {
    throw UserError.of('FD101', `${folder} cannot be read: ${error.message}`);
  });
  const files = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.slice(folder.length).split('/').some(isHidden))
    .sort();
  if (files.length > filesMax)
    throw UserError.of('FD113', `${folder} holds ${files.length} files`, {
      expected: `at most ${filesMax} files`,
    });
  return files;
}

function isHidden(name: string): boolean {
  return name.startsWith('.') || name === 'node_modules';
}
