// Writes a recording while the run goes on: every batch of the store, as it came, with exemplars and metadata, into
// append-only segments. After a kill, what was flushed is there. A write that fails (a full disk) ends the recording, never the run: it is told
// once, to `onError`.

import { type FileHandle, mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { UserError } from '../../base/diagnostics.ts';
import type { ExemplarStore, StoredExemplar } from '../metrics/exemplars.ts';
import type { MetadataStore } from '../metrics/metadata.ts';
import type { SeriesStore } from '../metrics/store.ts';
import { systemReason } from '../system-reason.ts';
import { frame, segmentMark } from './frame.ts';
import { RecordEncoder } from './record-codec.ts';
import { isSegment, segmentName } from './segment-name.ts';

const flushIntervalMs = 500;
const segmentBytesMaxDefault = 16 * 1024 * 1024;
/** Written but not yet taken by the disk; more than this means that it cannot keep up. */
const pendingBytesMax = 64 * 1024 * 1024;
/** They come one by one, and share a record. */
const exemplarsTogether = 1000;

export interface RecordingOptions {
  /** Made when it does not exist. Segments that are there already stay, and are read before the new ones. */
  readonly folder: string;
  readonly store: SeriesStore;
  readonly exemplars?: ExemplarStore;
  readonly metadata?: MetadataStore;
  readonly clock: Clock;
  /** Called once, when nothing more can be written. */
  readonly onError: (error: UserError) => void;
  readonly segmentBytesMax?: number;
}

export class RecordingWriter {
  readonly #options: RecordingOptions;
  readonly #subscriptions: readonly (() => void)[];
  readonly #closing = new AbortController();
  readonly #flushing: Promise<void>;
  #encoder = new RecordEncoder();
  #exemplars: StoredExemplar[] = [];
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #segmentNumber: number;
  #segmentBytes = 0;
  #file: FileHandle;
  /** Writes follow one another on this chain. */
  #writing: Promise<void> = Promise.resolve();
  #failed = false;

  /** Records what the stores take from now on. Rejects with FD709 when the folder cannot be written. */
  static async open(options: RecordingOptions): Promise<RecordingWriter> {
    try {
      await mkdir(options.folder, { recursive: true });
      const last = (await readdir(options.folder)).filter(isSegment).sort().at(-1);
      const segmentNumber = last === undefined ? 1 : Number.parseInt(last, 10) + 1;
      const file = await open(join(options.folder, segmentName(segmentNumber)), 'ax');
      return new RecordingWriter(options, segmentNumber, file);
    } catch (error) {
      throw cannotWrite(options.folder, error);
    }
  }

  private constructor(options: RecordingOptions, segmentNumber: number, file: FileHandle) {
    this.#options = options;
    this.#segmentNumber = segmentNumber;
    this.#file = file;
    this.#queue(segmentMark);
    const { store, exemplars, metadata } = options;
    this.#subscriptions = [
      store.subscribe((batch) => this.#record((encoder) => encoder.batch(batch))),
      exemplars?.subscribe((stored) => this.#keep(stored)) ?? (() => {}),
      metadata?.subscribe((change) => this.#record((encoder) => encoder.metadata(change))) ?? (() => {}),
    ];
    this.#flushing = this.#flushRegularly();
  }

  /** Resolves when everything that was appended so far has been handed to the operating system. */
  flush(): Promise<void> {
    this.#recordExemplars();
    const batches = this.#takePending();
    this.#writing = this.#writing.then(() => this.#write(this.#file, batches));
    return this.#writing;
  }

  /** Records nothing more; resolves when all of it is on the disk. */
  async close(): Promise<void> {
    for (const leave of this.#subscriptions) leave();
    this.#closing.abort();
    await this.#flushing;
    await this.flush();
    await this.#file.sync().catch((error: unknown) => this.#fail(error));
    await this.#file.close();
  }

  #keep(stored: StoredExemplar): void {
    if (this.#failed) return;
    this.#exemplars.push(stored);
    if (this.#exemplars.length >= exemplarsTogether) this.#recordExemplars();
  }

  #recordExemplars(): void {
    const exemplars = this.#exemplars;
    if (exemplars.length === 0) return;
    this.#exemplars = [];
    this.#record((encoder) => encoder.exemplars(exemplars));
  }

  #record(encode: (encoder: RecordEncoder) => Buffer): void {
    if (this.#failed) return;
    this.#queue(frame(encode(this.#encoder)));
    if (this.#pendingBytes > pendingBytesMax) this.#fail(new Error('the disk does not keep up'));
    else if (this.#segmentBytes > (this.#options.segmentBytesMax ?? segmentBytesMaxDefault)) this.#rotate();
  }

  #queue(bytes: Buffer): void {
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    this.#segmentBytes += bytes.length;
  }

  /** What follows goes into the next segment, with a dictionary of its own. */
  #rotate(): void {
    const last = this.#takePending();
    const name = segmentName(++this.#segmentNumber);
    this.#writing = this.#writing.then(async () => {
      await this.#write(this.#file, last);
      if (this.#failed) return;
      try {
        const next = await open(join(this.#options.folder, name), 'ax');
        await this.#file.close();
        this.#file = next;
      } catch (error) {
        this.#fail(error);
      }
    });
    this.#encoder = new RecordEncoder();
    this.#segmentBytes = 0;
    this.#queue(segmentMark);
  }

  #takePending(): Buffer {
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    return bytes;
  }

  async #write(file: FileHandle, bytes: Buffer): Promise<void> {
    if (this.#failed || bytes.length === 0) return;
    try {
      await file.appendFile(bytes);
      this.#pendingBytes -= bytes.length;
    } catch (error) {
      this.#fail(error);
    }
  }

  async #flushRegularly(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted && !this.#failed) {
      await this.#options.clock.sleep(flushIntervalMs, signal);
      await this.flush();
    }
  }

  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    for (const leave of this.#subscriptions) leave();
    this.#pending = [];
    this.#exemplars = [];
    this.#options.onError(cannotWrite(this.#options.folder, error));
  }
}

function cannotWrite(folder: string, error: unknown): UserError {
  return UserError.of('FD709', `the recording ${folder} cannot be written: ${systemReason(error)}`);
}
