// What is mounted, as a process sees it. Imports nothing of ours, because the watchdog carries it.

import { readFileSync } from 'node:fs';

/** How many file systems are mounted right at a folder, as the process sees it. */
export function mountsAt(pid: number, folder: string): number {
  return sourcesAt(pid, folder).length;
}

/** What is mounted right at a folder, the lowest first, by the names of the sources (proc(5), mountinfo). */
export function sourcesAt(pid: number, folder: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const [mount = '', what = ''] = line.split(' - ');
        return unescaped(mount.split(' ')[4] ?? '') === folder ? [unescaped(what.split(' ')[1] ?? '')] : [];
      });
  } catch {
    return [];
  }
}

// Spaces, tabs, line feeds and backslashes stand there as octal numbers.
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
