// file_sd: targets in JSON or YAML files, read again when they change. The last part of a path may have a `*`.

import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { Clock } from '../../../base/clock.ts';
import { systemReason } from '../../system-reason.ts';
import type { DiscoverySpec } from '../scrape-spec.ts';
import { type DiscoveryListener, PartStates } from './listener.ts';
import { targetsOf } from './target-group.ts';

/** How often we look whether a file has changed; reading it again regardless is what refresh_interval is for. */
const pollMs = 1000;
const fileBytesMax = 4 * 1024 * 1024;
const filesMax = 1000;

export async function discoverFromFiles(
  { paths, refreshMs }: Extract<DiscoverySpec, { type: 'file' }>,
  clock: Clock,
  listener: DiscoveryListener,
  signal: AbortSignal,
): Promise<void> {
  const states = new PartStates(listener);
  const known = new Map<string, { readonly stamp: string; readonly readMs: number }>();
  while (!signal.aborted) {
    const files = (await Promise.all(paths.map(filesOf))).flat().slice(0, filesMax);
    for (const gone of [...known.keys()].filter((file) => !files.includes(file))) {
      known.delete(gone);
      listener.onTargets(gone, []);
    }
    for (const file of files) {
      const stamp = await stampOf(file);
      const last = known.get(file);
      if (last && last.stamp === stamp && clock.now() - last.readMs < refreshMs) continue;
      known.set(file, { stamp, readMs: clock.now() });
      await read(file, listener, states);
    }
    await clock.sleep(Math.min(pollMs, refreshMs), signal);
  }
}

async function read(file: string, listener: DiscoveryListener, states: PartStates): Promise<void> {
  const found = await targetsIn(file);
  if (typeof found === 'string') {
    states.failed(file, `${file}: ${found}`);
    return;
  }
  states.worked(file);
  listener.onTargets(file, found);
}

async function targetsIn(file: string): Promise<ReturnType<typeof targetsOf>> {
  let text: string;
  try {
    if ((await stat(file)).size > fileBytesMax) return `it has more than ${fileBytesMax} bytes`;
    text = await readFile(file, 'utf8');
  } catch (error) {
    return `it cannot be read: ${systemReason(error)}`;
  }
  try {
    return targetsOf(file.endsWith('.json') ? JSON.parse(text) : parse(text), { __meta_filepath: file });
  } catch (error) {
    return `it cannot be read: ${(error as Error).message.split('\n')[0]}`;
  }
}

/** The file itself when the path has no `*`, so that its absence is told. */
async function filesOf(path: string): Promise<string[]> {
  const pattern = basename(path);
  if (!pattern.includes('*')) return [path];
  const folder = dirname(path);
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => matchesWildcard(name, pattern))
    .sort()
    .map((name) => join(folder, name));
}

/** One `*`, as Prometheus allows it. */
function matchesWildcard(name: string, pattern: string): boolean {
  const [before = '', after = ''] = pattern.split('*');
  return name.length >= before.length + after.length && name.startsWith(before) && name.endsWith(after);
}

async function stampOf(file: string): Promise<string> {
  const found = await stat(file).catch(() => undefined);
  return found ? `${found.mtimeMs} ${found.size} ${found.ino}` : '';
}
