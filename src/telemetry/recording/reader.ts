// Reads a recording back, record by record as it was written, so that columns are shared again and every bit is the
// same. What a kill left unfinished is cut off, with a warning; the files are not changed.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/diagnostics.ts';
import { ExemplarStore } from '../metrics/exemplars.ts';
import { MetadataStore } from '../metrics/metadata.ts';
import { SeriesStore } from '../metrics/store.ts';
import { systemReason } from '../system-reason.ts';
import { MalformedRecord } from './bytes.ts';
import { type Damage, readFrames } from './frame.ts';
import { RecordDecoder, type RecordedItem } from './record-codec.ts';
import { isSegment } from './segment-name.ts';

export interface RecordedStores {
  readonly store: SeriesStore;
  readonly exemplars: ExemplarStore;
  readonly metadata: MetadataStore;
}

export interface Recording extends RecordedStores {
  /** One sentence for each place where something was left out. */
  readonly warnings: string[];
}

/** Rejects with FD710 when the folder holds no recording. */
export async function readRecording(folder: string): Promise<Recording> {
  const names = await segmentsOf(folder);
  // What was taken in once is not too much now.
  const store = new SeriesStore({ series: Number.POSITIVE_INFINITY, samples: Number.POSITIVE_INFINITY });
  const stores = { store, exemplars: new ExemplarStore(), metadata: new MetadataStore() };
  const warnings: string[] = [];
  for (const name of names) {
    const warning = replaySegment(await readSegment(join(folder, name)), stores);
    if (warning) warnings.push(`${join(folder, name)} ${warning}`);
  }
  return { ...stores, warnings };
}

/** Takes what can be read of a segment into the stores; what was left out, if anything, as the end of a sentence. */
export function replaySegment(segment: Buffer, stores: RecordedStores): string | undefined {
  const decoder = new RecordDecoder();
  let unknown = 0;
  const damage = framesUntilDamage(segment, (payload) => {
    const item = decoder.decode(payload);
    if (item) replay(item, stores);
    else unknown++;
  });
  const lost = damage ? segment.length - damage.atByte : 0;
  if (damage?.kind === 'torn') return `ends inside a record: its last ${lost} bytes were cut`;
  if (damage) return `is damaged at byte ${damage.atByte}: its last ${lost} bytes were left out`;
  return unknown > 0 ? `has ${unknown} records of a later version, which were left out` : undefined;
}

/** A record that makes no sense is damage too: the numbers of what follows could mean anything. */
function framesUntilDamage(segment: Buffer, take: (payload: Buffer) => void): Damage | undefined {
  let atByte = 0;
  try {
    return readFrames(segment, (payload, at) => {
      atByte = at;
      take(payload);
    });
  } catch (error) {
    if (error instanceof MalformedRecord) return { atByte, kind: 'corrupt' };
    throw error;
  }
}

function replay(item: RecordedItem, { store, exemplars, metadata }: RecordedStores): void {
  if (item.kind === 'batch') store.appendBatch(item.batch);
  else if (item.kind === 'exemplars')
    for (const { series, exemplar, atMs } of item.exemplars) exemplars.add(series, exemplar, atMs);
  else if (item.change.replaces) metadata.replace(item.change.source, item.change.families);
  else metadata.add(item.change.source, item.change.families);
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
