// What is mounted, as a process sees it. Imports nothing of ours, because the watchdog carries it.

import { readFileSync } from 'node:fs';

/** How many file systems are mounted right at a folder, as the process sees it (proc(5), mountinfo). */
export function mountsAt(pid: number, folder: string): number {
  try {
    const lines = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
    return lines.filter((line) => unescaped(line.split(' ')[4] ?? '') === folder).length;
  } catch {
    return 0;
  }
}

// Spaces, tabs, line feeds and backslashes stand there as octal numbers.
function unescaped(field: string): string {
  return field.replaceAll(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
