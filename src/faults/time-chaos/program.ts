// Whether a preloaded library can come between a program and the clock: it must be linked dynamically against glibc,
// and read the time through it.

import { open, readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { findProgram } from '../find-program.ts';
import type { ProcessTarget } from '../targets/declaration.ts';

type CommandTarget = Extract<ProcessTarget, { type: 'command' }>;

/** Why the command would not notice; undefined when nothing speaks against it. */
export async function whyOutOfReach({ command, env, folder }: CommandTarget): Promise<string | undefined> {
  const path = env.PATH ?? process.env.PATH ?? '';
  let name: string | undefined = command[0] ?? '';
  for (let depth = 0; depth < 4; depth++) {
    const file: string | undefined = name.includes('/')
      ? resolve(folder, name)
      : await findProgram(name, path);
    const head = file && (await beginningOf(file));
    if (!file || !head) return `${name} cannot be read`;
    if (head.toString('latin1', 0, 2) !== '#!') return whyNotDynamic(file, head);
    name = interpreterOf(head.toString('latin1'));
    if (!name) return `${file} has no interpreter`;
  }
  return undefined;
}

const headBytes = 4096;

async function beginningOf(file: string): Promise<Buffer | undefined> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The program of a `#!` line, behind `env` and its options if need be. */
function interpreterOf(text: string): string | undefined {
  const words = text.slice(2).split('\n')[0]!.trim().split(/\s+/);
  if (basename(words[0] ?? '') !== 'env') return words[0];
  return words.slice(1).find((word) => !word.startsWith('-') && !word.includes('='));
}

/** Offsets and numbers as in elf(5), of 64-bit files in little endian. */
const programInterpreter = 3;

async function whyNotDynamic(file: string, head: Buffer): Promise<string | undefined> {
  if (head.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return `${file} is no 64-bit program`;
  const tableAt = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = head.readUInt16LE(56);
  if (tableAt + size * count > head.length) return `the headers of ${file} cannot be read`;
  for (let n = 0; n < count; n++) {
    const at = tableAt + n * size;
    if (head.readUInt32LE(at) !== programInterpreter) continue;
    const nameAt = Number(head.readBigUInt64LE(at + 8));
    const loader = head.toString('latin1', nameAt, nameAt + Number(head.readBigUInt64LE(at + 32)) - 1);
    if (loader.includes('musl')) return `${file} uses musl, which libfaketime is not made for`;
    return (await isGo(file)) ? `${file} is written in Go, which reads the clock without glibc` : undefined;
  }
  return `${file} is linked statically`;
}

async function isGo(file: string): Promise<boolean> {
  return (await readFile(file)).includes('\xff Go buildinf:', 0, 'latin1');
}
