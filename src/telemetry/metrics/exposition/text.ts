// The Prometheus text format 0.0.4 (and 1.0.0, which adds quoted names), read as leniently as Prometheus reads it.
// https://prometheus.io/docs/instrumenting/exposition_formats/

import type { IngestOptions } from '../ingest-options.ts';
import { type ExposedSample, type Exposition, ExpositionError, type SeriesTable } from './exposition.ts';
import { Families, metricTypeOf } from './families.ts';
import { parseNumber } from './number.ts';
import { type Fail, seriesEnd, shown, unescapeHelp, unescapeQuoted } from './series-text.ts';

const tab = 0x09;
const newline = 0x0a;
const space = 0x20;
const hash = 0x23;

const commentPattern = /^#[ \t]*(HELP|TYPE)[ \t]+("(?:[^"\\]|\\.)*"|\S+)(?:[ \t]+(.*))?$/;

/** Throws an ExpositionError at the first mistake. */
export function parseText<S>(text: string, table: SeriesTable<S>, ingest: IngestOptions = {}): Exposition<S> {
  return new TextReader(text, table, new Families(ingest)).read();
}

class TextReader<S> {
  readonly #text: string;
  readonly #table: SeriesTable<S>;
  readonly #families: Families;
  readonly #samples: ExposedSample<S>[] = [];
  readonly #failHere: Fail = (message) => this.#fail(message);
  #at = 0;
  #line = 1;

  constructor(text: string, table: SeriesTable<S>, families: Families) {
    this.#families = families;
    this.#text = text;
    this.#table = table;
  }

  read(): Exposition<S> {
    while (this.#at < this.#text.length) {
      this.#skipBlanks();
      const code = this.#text.charCodeAt(this.#at);
      if (code === hash) this.#comment();
      else if (code !== newline && this.#at < this.#text.length) this.#sample();
      this.#at++;
      this.#line++;
    }
    return { families: this.#families.list(), samples: this.#samples };
  }

  #comment(): void {
    const found = this.#text.indexOf('\n', this.#at);
    const end = found < 0 ? this.#text.length : found;
    const match = commentPattern.exec(this.#text.slice(this.#at, end));
    this.#at = end;
    if (!match) return;
    const [, kind, written, rest = ''] = match;
    const name = written!.startsWith('"') ? unescapeQuoted(written!.slice(1, -1)) : written!;
    if (kind === 'HELP') this.#families.describe(name, { help: unescapeHelp(rest) });
    else {
      const word = rest.trimEnd();
      const type = word === 'untyped' ? 'unknown' : metricTypeOf(word);
      if (!type) this.#fail(`${shown(word)} is not a metric type`);
      this.#families.describe(name, { type });
    }
  }

  #sample(): void {
    const end = seriesEnd(this.#text, this.#at);
    if (end === undefined) this.#fail('the labels of a sample do not end');
    const seriesText = this.#text.slice(this.#at, end);
    const series = this.#families.series(seriesText, this.#table, false, this.#failHere);
    this.#at = end;
    this.#skipBlanks();
    const value = this.#number('a value');
    this.#skipBlanks();
    const atMs = this.#isLineEnd() ? undefined : this.#timestamp();
    this.#skipBlanks();
    if (!this.#isLineEnd()) this.#fail(`the line should end before ${this.#word()}`);
    this.#samples.push({ series, value, atMs });
  }

  #number(expected: string): number {
    const start = this.#at;
    let code = this.#text.charCodeAt(this.#at);
    while (code > space) code = this.#text.charCodeAt(++this.#at);
    const value = parseNumber(this.#text, start, this.#at);
    if (value === undefined) {
      this.#at = start;
      this.#fail(`${expected} is expected, not ${this.#word()}`);
    }
    return value;
  }

  #timestamp(): number {
    const word = this.#word();
    const atMs = this.#number('a timestamp');
    if (!Number.isSafeInteger(atMs)) this.#fail(`a timestamp in whole milliseconds is expected, not ${word}`);
    return atMs;
  }

  #skipBlanks(): void {
    let code = this.#text.charCodeAt(this.#at);
    while (code === space || code === tab) code = this.#text.charCodeAt(++this.#at);
  }

  #isLineEnd(): boolean {
    return this.#at >= this.#text.length || this.#text.charCodeAt(this.#at) === newline;
  }

  /** What stands at the cursor, for messages. */
  #word(): string {
    return shown(/^\S*/.exec(this.#text.slice(this.#at, this.#at + 100))![0]);
  }

  #fail(message: string): never {
    throw new ExpositionError(this.#line, message);
  }
}
