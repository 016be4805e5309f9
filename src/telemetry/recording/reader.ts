// Reads a recording back into a store, batch by batch as it was written, so that columns are shared again and every
// bit is the same. What a kill left unfinished is cut off, with a warning; the files are not changed.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/diagnostics.ts';
import { SeriesStore } from '../metrics/store.ts';
import { systemReason } from '../system-reason.ts';
import { BatchDecoder } from './batch-codec.ts';
import { readFrames } from './frame.ts';
import { isSegment } from './segment-name.ts';

export interface Recording {
  readonly store: SeriesStore;
  /** One sentence for each place where something was left out. */
  readonly warnings: string[];
}

/** Rejects with FD710 when the folder holds no recording. */
export async function readRecording(folder: string): Promise<Recording> {
  const names = await segmentsOf(folder);
  // What was taken in once is not too much now.
  const store = new SeriesStore({ series: Number.POSITIVE_INFINITY, samples: Number.POSITIVE_INFINITY });
  const warnings: string[] = [];
  for (const name of names) {
    const warning = replay(await readSegment(join(folder, name)), store);
    if (warning) warnings.push(`${join(folder, name)} ${warning}`);
  }
  return { store, warnings };
}

function replay(segment: Buffer, store: SeriesStore): string | undefined {
  const decoder = new BatchDecoder();
  let unknown = 0;
  const damage = readFrames(segment, (payload) => {
    const batch = decoder.decode(payload);
    if (batch) store.appendBatch(batch);
    else unknown++;
  });
  const lost = damage ? segment.length - damage.atByte : 0;
  if (damage?.kind === 'torn') return `ends inside a record: its last ${lost} bytes were cut`;
  if (damage) return `is damaged at byte ${damage.atByte}: its last ${lost} bytes were left out`;
  return unknown > 0 ? `has ${unknown} records of a later version, which were left out` : undefined;
}

async function segmentsOf(folder: string): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw UserError.of('FD710', `the recording ${folder} cannot be read: ${systemReason(error)}`);
  }
  const segments = names.filter(isSegment).sort();
  if (segments.length === 0) throw UserError.of('FD710', `${folder} holds no recording`);
  return segments;
}

async function readSegment(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw UserError.of('FD710', `${path} cannot be read: ${systemReason(error)}`);
  }
}
