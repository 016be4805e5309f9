// Whether a command line starts Node.js, and which one. Careful on purpose: a program that only might be Node.js
// would run a drill whose fault it never feels.

import { open, realpath } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { findProgram } from '../find-program.ts';
import type { CommandTarget } from './route.ts';

/** Written for Node.js, but made to start something else, in whatever language. */
const launchers = /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(-cli)?(\.c?js)?$/;

const nodeName = /^node(js)?(-?\d+(\.\d+)*)?$/;

export type NodeProgram = { readonly node: string } | { readonly reason: string };

export async function nodeProgramOf({ command, env, folder }: CommandTarget): Promise<NodeProgram> {
  const name = command[0] ?? '';
  const path = env.PATH ?? process.env.PATH ?? '';
  const file = name.includes('/') ? resolve(folder, name) : await findProgram(name, path);
  if (file === undefined) return { reason: `${name} is not in PATH` };
  if (nodeName.test(basename(file))) return { node: file };
  const names = [basename(file), basename(await realpath(file).catch(() => file))];
  if (names.some((each) => launchers.test(each))) {
    return { reason: `${name} starts another program, which need not be Node.js` };
  }
  const interpreter = interpreterOf(await firstLine(file));
  if (!interpreter || !nodeName.test(basename(interpreter))) return { reason: `${name} is not Node.js` };
  const node = interpreter.includes('/') ? interpreter : await findProgram(interpreter, path);
  return node === undefined ? { reason: `${interpreter} is not in PATH` } : { node };
}

/** The program of a `#!` line, behind `env` and its options if need be. */
function interpreterOf(line: string): string | undefined {
  if (!line.startsWith('#!')) return undefined;
  const words = line.slice(2).trim().split(/\s+/);
  if (basename(words[0] ?? '') !== 'env') return words[0];
  return words.slice(1).find((word) => !word.startsWith('-') && !word.includes('='));
}

async function firstLine(file: string): Promise<string> {
  const handle = await open(file).catch(() => undefined);
  if (!handle) return '';
  try {
    // The kernel reads 256 bytes (BINPRM_BUF_SIZE).
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(256), 0, 256, 0);
    return buffer.toString('latin1', 0, bytesRead).split('\n')[0]!;
  } finally {
    await handle.close();
  }
}
