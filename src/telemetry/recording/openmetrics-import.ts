// Reads OpenMetrics text with timestamps into a new store: the file that `promtool tsdb create-blocks-from openmetrics`
// reads. It may be far larger than what a string can hold, so it is read in pieces that end where a line ends.

import { createReadStream } from 'node:fs';
import { UserError } from '../../base/diagnostics.ts';
import { Labels } from '../../base/labels.ts';
import { type ExposedSample, SeriesTable } from '../metrics/exposition/exposition.ts';
import { Families } from '../metrics/exposition/families.ts';
import { parseOpenMetrics } from '../metrics/exposition/openmetrics.ts';
import { SeriesStore } from '../metrics/store.ts';
import { systemReason } from '../system-reason.ts';

const chunkBytes = 1024 * 1024;
const endOfText = '# EOF\n';

/** Into `store`, or a new one. Rejects with FD101, or FD706 and the line. */
export async function importOpenMetrics(path: string, store = new SeriesStore()): Promise<SeriesStore> {
  const table = new SeriesTable<Source>((pairs) => sourceOf(Labels.from(pairs)));
  const families = new Families();
  let firstLine = 1;
  for await (const { text, isLast } of partsOf(path)) {
    const { samples } = parseOpenMetrics(text, table, { part: { families, firstLine, isLast } });
    append(store, samples, path);
    firstLine += lineCount(text);
  }
  return store;
}

interface Source {
  readonly labels: Labels;
  /** What is scraped together has its timestamps in common. */
  readonly source: string;
}

function sourceOf(labels: Labels): Source {
  return { labels, source: `${labels.get('job')}\u0000${labels.get('instance')}` };
}

/** A run of samples of one series at a time: looking a series up takes longer than storing a sample. */
function append(store: SeriesStore, samples: readonly ExposedSample<Source>[], path: string): void {
  const times = new Float64Array(samples.length);
  const values = new Float64Array(samples.length);
  for (let first = 0; first < samples.length; ) {
    const { series } = samples[first]!;
    let end = first;
    for (; samples[end]?.series === series; end++) {
      const { atMs, value } = samples[end]!;
      if (atMs === undefined)
        throw UserError.of('FD706', `${path}: a sample of ${series.labels} has no timestamp`);
      times[end] = atMs;
      values[end] = value;
    }
    const run = {
      times: times.subarray(first, end),
      values: values.subarray(first, end),
      length: end - first,
    };
    store.appendRun({ ...series, ...run });
    first = end;
  }
}

/** Whole lines; the last part has the end of the text and whatever wrongly follows it. */
async function* partsOf(path: string): AsyncGenerator<{ text: string; isLast: boolean }> {
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, {
      highWaterMark: chunkBytes,
    }) as AsyncIterable<Buffer>) {
      rest = Buffer.concat([rest, chunk]);
      const end = rest.lastIndexOf('\n', Math.max(0, rest.length - endOfText.length - 1)) + 1;
      if (end === 0) continue;
      // Decoded at once: a text that is put together from pieces is slower to read.
      yield { text: rest.toString('utf8', 0, end), isLast: false };
      rest = rest.subarray(end);
    }
  } catch (error) {
    throw UserError.of('FD101', `${path} cannot be read: ${systemReason(error)}`);
  }
  yield { text: rest.toString(), isLast: true };
}

function lineCount(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
